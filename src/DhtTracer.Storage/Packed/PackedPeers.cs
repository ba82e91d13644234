using System.Buffers;
using System.Collections.Immutable;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Statistics;

namespace DhtTracer.Storage.Packed;

/// <summary>A peer of a query, with numbers in place of its strings.</summary>
internal readonly record struct PackedPeer(
    long Peer,
    PeerState State,
    int Requests,
    bool? Reused,
    int? NamedBy,
    long? RequestNs,
    long? DialNs,
    long? FailedNs,
    long? TimeLostNs,
    long? Agent,
    long? Addresses,
    ImmutableArray<long> Errors
)
{
    /// <summary>Whether it was dialed or asked.</summary>
    public bool Contacted => IsContacted(State, Requests);

    public static bool IsContacted(PeerState state, int requests) => requests > 0 || state is not (PeerState.Heard or PeerState.Queued);

    /// <summary>The facts, with names for numbers.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="query">Its query.</param>
    /// <param name="start">Start of the query, in nanoseconds since 1970-01-01 UTC.</param>
    /// <param name="peer">Gives the id of a peer by its number.</param>
    /// <param name="text">Gives a text by its number.</param>
    /// <param name="addresses">Gives a list of addresses by its number.</param>
    public PeerFacts ToFacts(
        QueryId operation,
        QueryId query,
        ulong start,
        Func<long, string> peer,
        Func<long, string> text,
        Func<long, ImmutableArray<string>> addresses
    ) =>
        new()
        {
            QueryId = query,
            OperationId = operation,
            QueryStartUnixNano = start,
            PeerId = peer(Peer),
            State = State,
            Requests = Requests,
            Errors = Errors.IsEmpty ? [] : [.. Errors.Select(text)],
            RequestNs = RequestNs,
            DialNs = DialNs,
            FailedNs = FailedNs,
            TimeLostNs = TimeLostNs,
            Reused = Reused,
            NamedBy = NamedBy,
            Agent = Agent is { } agent ? text(agent) : null,
            Addresses = Addresses is { } list ? addresses(list) : [],
        };
}

/// <summary>
/// The <see cref="PeerFacts"/> of a query in few bytes: about four for a peer that was only heard of. Each peer has its number as a
/// difference to the previous one, state and flags, then the fields that the flags announce. All numbers are varints.
/// </summary>
internal static class PackedPeers
{
    private const int StateMask = 0x0F;
    private const int HasReused = 0x10;
    private const int IsReused = 0x20;
    private const int HasDetails = 0x40;
    private const int HasTexts = 0x80;

    // Lists packed before schema 3 have no costs.
    private const int HasCosts = 0x100;

    /// <summary>Marks a query with a critical path, before its peers. With this mark, a peer without a time has lost no time.</summary>
    private const byte PathMark = 0;

    /// <summary>Packs the peers of a query.</summary>
    /// <param name="strings">Gives strings their numbers.</param>
    /// <param name="facts">The peers.</param>
    /// <param name="contacted">Receives the numbers of those that were dialed or asked.</param>
    public static ReadOnlySpan<byte> Write(IStringNumbers strings, IReadOnlyList<PeerFacts> facts, ICollection<long> contacted)
    {
        var numbers = new long[facts.Count];
        var order = new int[facts.Count];
        for (var i = 0; i < order.Length; i++)
        {
            numbers[i] = strings.OfPeer(facts[i].PeerId);
            order[i] = i;
        }

        Array.Sort((long[])numbers.Clone(), order);
        var output = new ArrayBufferWriter<byte>((facts.Count * 8) + 16);
        var hasPath = facts.Count > 0 && facts.All(static fact => fact.TimeLostNs is not null);
        if (hasPath)
        {
            // No peer has this number.
            Varint.Write(output, PathMark);
        }

        long last = 0;
        foreach (var i in order)
        {
            Varint.Write(output, (ulong)(numbers[i] - last));
            last = numbers[i];
            WritePeer(strings, facts[i], hasPath, output);
            if (PackedPeer.IsContacted(facts[i].State, facts[i].Requests))
            {
                contacted.Add(last);
            }
        }

        return output.WrittenSpan;
    }

    /// <summary>Reads the output of <see cref="Write"/>.</summary>
    /// <exception cref="InvalidDataException">The bytes are damaged.</exception>
    public static void Read(ReadOnlySpan<byte> bytes, List<PackedPeer> output)
    {
        var hasPath = !bytes.IsEmpty && bytes[0] == PathMark;
        if (hasPath)
        {
            bytes = bytes[1..];
        }

        long last = 0;
        while (!bytes.IsEmpty)
        {
            last += (long)Varint.Read(ref bytes);
            output.Add(ReadPeer(last, hasPath, ref bytes));
        }
    }

    private static void WritePeer(IStringNumbers numbers, PeerFacts facts, bool hasPath, ArrayBufferWriter<byte> output)
    {
        var details = facts.Requests > 0 || facts.RequestNs is not null || facts.DialNs is not null || !facts.Errors.IsEmpty;
        var texts = facts.Agent is not null || !facts.Addresses.IsEmpty;
        var timeLost = hasPath && facts.TimeLostNs == 0 ? null : facts.TimeLostNs;
        var costs = facts.FailedNs is not null || timeLost is not null;
        Varint.Write(
            output,
            (ulong)(
                (int)facts.State
                | (facts.Reused is null ? 0 : HasReused)
                | (facts.Reused == true ? IsReused : 0)
                | (details ? HasDetails : 0)
                | (texts ? HasTexts : 0)
                | (costs ? HasCosts : 0)
            )
        );
        Varint.WriteNullable(output, facts.NamedBy);
        if (details)
        {
            Varint.Write(output, (ulong)facts.Requests);
            Varint.WriteNullable(output, facts.RequestNs);
            Varint.WriteNullable(output, facts.DialNs);
            Varint.Write(output, (ulong)facts.Errors.Length);
            foreach (var error in facts.Errors)
            {
                Varint.Write(output, (ulong)numbers.OfText(error));
            }
        }

        if (costs)
        {
            Varint.WriteNullable(output, facts.FailedNs);
            Varint.WriteNullable(output, timeLost);
        }

        if (texts)
        {
            Varint.WriteNullable(output, facts.Agent is null ? null : numbers.OfText(facts.Agent));
            Varint.WriteNullable(output, facts.Addresses.IsEmpty ? null : numbers.OfText(string.Join('\n', facts.Addresses)));
        }
    }

    private static PackedPeer ReadPeer(long number, bool hasPath, ref ReadOnlySpan<byte> bytes)
    {
        var flags = (int)Varint.Read(ref bytes);
        var namedBy = (int?)Varint.ReadNullable(ref bytes);
        var requests = 0;
        long? requestNs = null,
            dialNs = null,
            agent = null,
            addresses = null;
        var errors = ImmutableArray<long>.Empty;
        if ((flags & HasDetails) != 0)
        {
            requests = (int)Varint.Read(ref bytes);
            requestNs = Varint.ReadNullable(ref bytes);
            dialNs = Varint.ReadNullable(ref bytes);
            var count = Varint.Read(ref bytes);
            if (count > (ulong)bytes.Length)
            {
                throw new InvalidDataException($"A stored list of peers announces {count} errors in {bytes.Length} bytes.");
            }

            var builder = ImmutableArray.CreateBuilder<long>((int)count);
            for (var i = 0UL; i < count; i++)
            {
                builder.Add((long)Varint.Read(ref bytes));
            }

            errors = builder.MoveToImmutable();
        }

        long? failedNs = null,
            timeLostNs = hasPath ? 0 : null;
        if ((flags & HasCosts) != 0)
        {
            failedNs = Varint.ReadNullable(ref bytes);
            timeLostNs = Varint.ReadNullable(ref bytes) ?? timeLostNs;
        }

        if ((flags & HasTexts) != 0)
        {
            agent = Varint.ReadNullable(ref bytes);
            addresses = Varint.ReadNullable(ref bytes);
        }

        bool? reused = (flags & HasReused) == 0 ? null : (flags & IsReused) != 0;
        return new PackedPeer(
            number,
            (PeerState)(flags & StateMask),
            requests,
            reused,
            namedBy,
            requestNs,
            dialNs,
            failedNs,
            timeLostNs,
            agent,
            addresses,
            errors
        );
    }
}
