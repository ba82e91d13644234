using System.Collections.Immutable;
using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>A simulated trace: its spans, and what really happened, also where no span shows it.</summary>
/// <param name="Spans">The spans, in the order in which they ended.</param>
/// <param name="Wan">The query over the wide network.</param>
/// <param name="LanRoot">Root of the empty LAN query beside it; null without the dual DHT.</param>
/// <param name="Operation">The outermost DHT span; the root of the query when nothing is above it.</param>
public sealed record KuboTrace(ImmutableArray<Span> Spans, KuboTruth Wan, SpanId? LanRoot, SpanId Operation);

/// <summary>What happened in a query.</summary>
public sealed class KuboTruth
{
    public required SpanId Root { get; init; }

    public required string Node { get; init; }

    /// <summary>The bytes that are hashed.</summary>
    public required byte[] Key { get; init; }

    /// <summary>The key as the caller wrote it.</summary>
    public required string KeyText { get; init; }

    public ulong StartUnixNano { get; set; }

    public long DurationNs { get; set; }

    /// <summary>Why the lookup stopped asking.</summary>
    public string? Termination { get; set; }

    /// <summary>Whether it got what it was for.</summary>
    public bool Found { get; set; }

    public HashSet<string> Providers { get; } = [];

    /// <summary>Answers that held a record, or stores that were taken.</summary>
    public int Records { get; set; }

    /// <summary>The K closest that the lookup ended with.</summary>
    public IReadOnlyList<string> Closest { get; set; } = [];

    /// <summary>Every peer that the lookup heard of, those of the routing table that it began with too.</summary>
    public Dictionary<string, KuboPeerTruth> Peers { get; } = [];
}

/// <summary>What happened to a peer. Times are nanoseconds after the query's start.</summary>
public sealed class KuboPeerTruth
{
    public required int Hops { get; init; }

    /// <summary>Who first named it; null for a peer of the routing table.</summary>
    public string? Referrer { get; init; }

    public long HeardNs { get; init; }

    /// <summary>The lookup chose it.</summary>
    public bool Spawned { get; set; }

    /// <summary>Whose answer triggered that; null for the node itself.</summary>
    public string? AskedAfter { get; set; }

    public bool Dialed { get; set; }

    public bool Reused { get; set; }

    public bool DialFailed { get; set; }

    public bool DialAborted { get; set; }

    public List<KuboRequestTruth> Requests { get; } = [];
}

/// <summary>What happened to a request.</summary>
public sealed class KuboRequestTruth
{
    public required string Message { get; init; }

    public long StartNs { get; init; }

    public long DurationNs { get; set; }

    /// <summary>It left the node: the dial inside it, if there was one, did not fail.</summary>
    public bool Sent { get; set; } = true;

    /// <summary><c>answered</c>, <c>sent</c>, <c>failed</c> or <c>cancelled</c>.</summary>
    public string Outcome { get; set; } = "answered";

    /// <summary>Distinct peers in the answer without the node; null when the spans cannot show them.</summary>
    public int? Returned { get; set; }

    /// <summary>Peers of it that the lookup had not heard of; 0 for an answer that came after the lookup was over.</summary>
    public int? New { get; set; }

    public int? Providers { get; set; }
}
