namespace DhtTracer.Analysis.Model;

/// <summary>What an IPNS record says, as a server sent it. Its signature is not checked.</summary>
/// <param name="Value">The path that the name points to, such as <c>/ipfs/bafy…</c>.</param>
/// <param name="Sequence">Its sequence number: a new value raises it, a republication keeps it.</param>
/// <param name="EndOfLifeUnixNano">When it stops being valid, in nanoseconds since 1970-01-01 UTC; null when the record does not tell
/// it.</param>
public sealed record IpnsValue(string Value, ulong Sequence, ulong? EndOfLifeUnixNano);
