using DhtTracer.Traces;

namespace DhtTracer.Analysis;

/// <summary>A peer of a query while the query is put together. Times are nanoseconds after the query's start.</summary>
internal sealed class PeerDraft(string id)
{
    /// <summary>Different lists of addresses of one peer that are kept; others name it with the same few.</summary>
    private const int MostAddressTexts = 32;

    private readonly List<string> _addressTexts = [];

    public string Id { get; } = id;

    /// <summary>Whether it is known how it came to be heard of: as a seed, by an answer, or because the trace says so.</summary>
    public bool IsHeard { get; set; }

    /// <summary>Number of the last answer that named it: an answer can name a peer twice.</summary>
    public int LastAnswer { get; set; }

    /// <summary>Whether it gets a row: heard of, or sent something. The 2019 log lists peers in answers that the query then filtered
    /// out.</summary>
    public bool IsKnown => IsHeard || FirstSentNs is not null;

    public long? HeardNs { get; set; }

    /// <summary>Place in the answer, or among the seeds: peers heard of at one moment are shown in this order.</summary>
    public int HeardPosition { get; set; } = int.MaxValue;

    /// <summary>When its answer or failure had been taken into the lookup.</summary>
    public long? TakenNs { get; set; }

    /// <summary>It was heard of at this time or before; only used to sort peers of which <see cref="HeardNs"/> is unknown.</summary>
    public long? HeardAtLatestNs { get; set; }

    public int? Hops { get; set; }

    /// <summary>Lower bound of the hops; null to take <see cref="Hops"/>.</summary>
    public int? HopsAtLeast { get; set; }

    public string? Referrer { get; set; }

    public bool ReferrerInferred { get; set; }

    public string? AskedAfter { get; set; }

    /// <summary>XOR as the source gives it, used only when it cannot be computed.</summary>
    public int? GivenXor { get; set; }

    /// <summary>State as the source gives it; null to derive it.</summary>
    public PeerState? GivenState { get; set; }

    /// <summary>State when no request tells it; null to derive it from the dial.</summary>
    public PeerState? StateWithoutRequests { get; set; }

    public int? GivenOrder { get; set; }

    public bool Duplicate { get; set; }

    public string? Agent { get; set; }

    /// <summary>Protocols from identify; null when the trace does not tell them.</summary>
    public IReadOnlyList<string>? Protocols { get; set; }

    /// <summary>Multiaddrs as the source gives them; null to take those of <see cref="AddAddresses"/>.</summary>
    public IReadOnlyList<string>? GivenAddresses { get; set; }

    public List<PeerDial> Dials { get; } = [];

    public List<RequestDraft> Requests { get; } = [];

    /// <summary>Start of the first dial or request, or null.</summary>
    public long? FirstSentNs { get; private set; }

    public void Add(PeerDial dial)
    {
        Dials.Add(dial);
        Sent(dial.StartNs);
    }

    public void Add(RequestDraft request)
    {
        Requests.Add(request);
        if ((request.StartNs ?? request.EndNs) is { } sent)
        {
            Sent(sent);
        }
    }

    /// <summary>
    /// The dial that the row shows: the first that made or tried a new connection, a later one when the earlier failed and it did not;
    /// else the first.
    /// </summary>
    public PeerDial? ShownDial()
    {
        Dials.Sort(
            static (left, right) =>
                left.StartNs != right.StartNs ? left.StartNs.CompareTo(right.StartNs) : Nullable.Compare(left.DurationNs, right.DurationNs)
        );
        var real = Dials.Where(static dial => dial.Reused != true).ToList();
        return real.Find(static dial => dial.Error is null)
            ?? (
                real.Count > 0 ? real[0]
                : Dials.Count > 0 ? Dials[0]
                : null
            );
    }

    /// <summary>Adds multiaddrs separated by blanks. A peer is named dozens of times with the same text, which is then kept once.</summary>
    public void AddAddresses(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || _addressTexts.Count == MostAddressTexts)
        {
            return;
        }

        foreach (var known in _addressTexts)
        {
            if (text.SequenceEqual(known))
            {
                return;
            }
        }

        _addressTexts.Add(text.ToString());
    }

    /// <summary>The distinct multiaddrs: in the source's order when it gives them, else sorted, so that the order of answers does not
    /// matter.</summary>
    public IReadOnlyList<string> Addresses() =>
        GivenAddresses
        ?? (
            _addressTexts is [var only] && !only.Contains(' ', StringComparison.Ordinal)
                ? _addressTexts
                :
                [
                    .. _addressTexts
                        .SelectMany(static text => text.Split(' ', StringSplitOptions.RemoveEmptyEntries))
                        .Distinct(StringComparer.Ordinal)
                        .Order(StringComparer.Ordinal),
                ]
        );

    private void Sent(long startNs) => FirstSentNs = FirstSentNs is { } first && first <= startNs ? first : startNs;
}

/// <summary>A request while the query is put together.</summary>
internal sealed class RequestDraft(PeerDraft peer, MessageType type, long? startNs, SpanId spanId)
{
    public PeerDraft Peer { get; } = peer;

    public MessageType Type { get; set; } = type;

    public long? StartNs { get; } = startNs;

    /// <summary>Breaks ties, so that the order of equal times never depends on the order of the spans.</summary>
    public SpanId SpanId { get; } = spanId;

    public long? DurationNs { get; set; }

    public RequestOutcome Outcome { get; set; } = RequestOutcome.NoAnswer;

    public TraceError? Error { get; set; }

    /// <summary>Distinct closer peers of the answer in its order, the node left out; null when they cannot be known.</summary>
    public IReadOnlyList<PeerDraft>? Closer { get; set; }

    /// <summary>
    /// The peers of the answer are listed also when they have no row, because the answer came when the lookup was over. False where an
    /// answer lists peers that the query filtered out.
    /// </summary>
    public bool NamesPeersWithoutRow { get; set; }

    public int? Returned { get; set; }

    public int? New { get; set; }

    public int? Providers { get; set; }

    public int? Records { get; set; }

    /// <summary>When it ended, for a request whose start is unknown; null to take start and duration.</summary>
    public long? GivenEndNs { get; set; }

    /// <summary>When it ended; null when it did not, or its time is unknown.</summary>
    public long? EndNs => GivenEndNs ?? (StartNs + DurationNs);

    /// <summary>When the answer came; null when there is none, or its time is unknown.</summary>
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
        };
}
