using System.Collections.Immutable;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Reconstruction;

/// <summary>A peer while its query is being built. Times are nanoseconds after the query's start.</summary>
/// <param name="peer">The peer.</param>
/// <param name="number">How many peers the lookup had before.</param>
/// <remarks>A lookup hears of hundreds of peers that it never asks, so lists are made when something is added.</remarks>
internal sealed class PeerDraft(KnownPeer peer, int number)
{
    /// <summary>Most different address lists kept for one peer; other peers name it with the same few.</summary>
    private const int MostAddressTexts = 32;

    private List<string>? _addressTexts;
    private List<PeerDial>? _dials;
    private List<RequestDraft>? _requests;

    public string Id => peer.Id;

    /// <summary>Position in the key space; null when the id is no peer id.</summary>
    public KadId? KadId => peer.KadId;

    /// <summary>Its place in the order in which the lookup's spans named peers, from 0.</summary>
    public int Number => number;

    /// <summary>Whether it is known how the node heard of it: as a seed, from an answer, or because the trace says so.</summary>
    public bool IsHeard { get; set; }

    /// <summary>Number of the last answer that named it, because one answer can name a peer twice.</summary>
    public int LastAnswer { get; set; }

    /// <summary>
    /// Whether the peer gets a row: it was heard of, or was sent something. Answers in the 2019 log also list peers that the query then
    /// filtered out.
    /// </summary>
    public bool IsKnown => IsHeard || FirstSentNs is not null;

    public long? HeardNs { get; set; }

    /// <summary>Position in the answer or among the seeds. Peers heard of at the same time are shown in this order.</summary>
    public int HeardPosition { get; set; } = int.MaxValue;

    /// <summary>When the lookup had processed its answer or failure; null when unknown.</summary>
    public long? TakenNs { get; set; }

    /// <summary>The peer was heard of at this time or before. Used only to sort peers with unknown <see cref="HeardNs"/>.</summary>
    public long? HeardAtLatestNs { get; set; }

    public int? Hops { get; set; }

    /// <summary>Lower bound of the hops; null to use <see cref="Hops"/>.</summary>
    public int? HopsAtLeast { get; set; }

    public string? Referrer { get; set; }

    public bool ReferrerInferred { get; set; }

    public string? AskedAfter { get; set; }

    /// <summary>XOR from the source, used only when it cannot be computed.</summary>
    public int? GivenXor { get; set; }

    /// <summary>State from the source; null to derive it.</summary>
    public PeerState? GivenState { get; set; }

    /// <summary>State if no request shows it; null to derive it from the dial.</summary>
    public PeerState? StateWithoutRequests { get; set; }

    public int? GivenOrder { get; set; }

    public bool Duplicate { get; set; }

    public string? Agent { get; set; }

    /// <summary>Protocols from identify; null when the trace does not hold them.</summary>
    public IReadOnlyList<string>? Protocols { get; set; }

    /// <summary>Multiaddrs from the source; null to use those of <see cref="AddAddresses"/>.</summary>
    public IReadOnlyList<string>? GivenAddresses { get; set; }

    public IReadOnlyList<RequestDraft> Requests => _requests ?? (IReadOnlyList<RequestDraft>)[];

    /// <summary>Start of the first dial or request; null without one.</summary>
    public long? FirstSentNs { get; private set; }

    public void Add(PeerDial dial)
    {
        (_dials ??= []).Add(dial);
        Sent(dial.StartNs);
    }

    public void Add(RequestDraft request)
    {
        (_requests ??= []).Add(request);
        if ((request.StartNs ?? request.EndNs) is { } sent)
        {
            Sent(sent);
        }
    }

    /// <summary>Sorts the requests by start.</summary>
    /// <returns>How many of them repeat a message type that the peer was sent before.</returns>
    public int SortRequests()
    {
        if (_requests is null or [_])
        {
            return 0;
        }

        _requests.Sort(
            static (left, right) =>
                (left.StartNs ?? left.EndNs) != (right.StartNs ?? right.EndNs)
                    ? Nullable.Compare(left.StartNs ?? left.EndNs, right.StartNs ?? right.EndNs)
                : left.Type != right.Type ? right.Type.CompareTo(left.Type)
                : left.SpanId.CompareTo(right.SpanId)
        );
        return _requests.Count - _requests.Select(static request => request.Type).Distinct().Count();
    }

    /// <summary>
    /// The dial that the row shows: the first new connection that succeeded, else the first one tried, else the first dial.
    /// </summary>
    public PeerDial? ShownDial()
    {
        if (_dials is null or [_])
        {
            return _dials?[0];
        }

        _dials.Sort(
            static (left, right) =>
                left.StartNs != right.StartNs ? left.StartNs.CompareTo(right.StartNs) : Nullable.Compare(left.DurationNs, right.DurationNs)
        );
        return _dials.Find(static dial => dial is { Reused: not true, Error: null })
            ?? _dials.Find(static dial => dial.Reused != true)
            ?? _dials[0];
    }

    /// <summary>
    /// Adds multiaddrs separated by spaces. A peer is named dozens of times with the same text, so each text is kept once.
    /// </summary>
    public void AddAddresses(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || _addressTexts?.Count == MostAddressTexts)
        {
            return;
        }

        _addressTexts ??= new List<string>(1);
        foreach (var known in _addressTexts)
        {
            if (text.SequenceEqual(known))
            {
                return;
            }
        }

        _addressTexts.Add(text.ToString());
    }

    /// <summary>
    /// The distinct multiaddrs. They are in the source's order if it gives them, else sorted, so that the order of answers does not matter.
    /// </summary>
    public ImmutableArray<string> Addresses() =>
        GivenAddresses is not null ? [.. GivenAddresses]
        : _addressTexts is null ? []
        : _addressTexts is [var only] && !only.Contains(' ', StringComparison.Ordinal) ? [only]
        :
        [
            .. _addressTexts
                .SelectMany(static text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal),
        ];

    private void Sent(long startNs) => FirstSentNs = FirstSentNs is { } first && first <= startNs ? first : startNs;
}

/// <summary>A request while its query is being built.</summary>
internal sealed class RequestDraft(PeerDraft peer, MessageType type, long? startNs, SpanId spanId)
{
    public PeerDraft Peer { get; } = peer;

    public MessageType Type { get; set; } = type;

    public long? StartNs { get; } = startNs;

    /// <summary>Breaks ties of equal times, so that the result does not depend on the order of the spans.</summary>
    public SpanId SpanId { get; } = spanId;

    public long? DurationNs { get; set; }

    public RequestOutcome Outcome { get; set; } = RequestOutcome.NoAnswer;

    public TraceError? Error { get; set; }

    /// <summary>Distinct closer peers of the answer in its order, without the node itself; null when they cannot be known.</summary>
    public IReadOnlyList<PeerDraft>? Closer { get; set; }

    /// <summary>
    /// True when the answer's peers are listed even without a row, because the answer came after the lookup was over. False where an answer
    /// lists peers that the query filtered out.
    /// </summary>
    public bool NamesPeersWithoutRow { get; set; }

    public int? Returned { get; set; }

    public int? New { get; set; }

    public int? Providers { get; set; }

    public int? Records { get; set; }

    public IpnsValue? Ipns { get; set; }

    /// <summary>End of a request with unknown start; null to use start plus duration.</summary>
    public long? GivenEndNs { get; set; }

    /// <summary>End; null when it did not end or the time is unknown.</summary>
    public long? EndNs => GivenEndNs ?? (StartNs + DurationNs);

    /// <summary>Arrival of the answer; null when there is none or the time is unknown.</summary>
    public long? AnswerNs => Outcome == RequestOutcome.Answered ? EndNs : null;

    public PeerRequest ToRequest() =>
        new()
        {
            Type = Type,
            StartNs = StartNs,
            DurationNs = DurationNs,
            EndNs = GivenEndNs,
            Outcome = Outcome,
            Error = Error,
            Returned = Returned,
            New = New,
            Named = Closer is null
                ? default
                : [.. Closer.Where(peer => peer.IsKnown || NamesPeersWithoutRow).Select(static peer => peer.Id)],
            Providers = Providers,
            Records = Records,
            Ipns = Ipns,
        };
}
