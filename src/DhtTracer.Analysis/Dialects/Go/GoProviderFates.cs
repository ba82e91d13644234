using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Traces.Model;

namespace DhtTracer.Analysis.Dialects.Go;

/// <summary>
/// Reads what became of found providers. The span <c>ProviderQueryManager.FindProvidersAsync</c> above a lookup holds the chain as events:
/// <c>FoundProvider{peer}</c>, <c>ConnectedToProvider{peer}</c>, <c>exception{peer, exception.message}</c>, <c>CancelRequest</c>,
/// <c>FinishedProviderQuery</c>. The block is an event of <c>Bitswap.Client.Getter.handleIncoming</c>. Dials have no spans.
/// </summary>
internal sealed class GoProviderFates
{
    private const string Manager = "ProviderQueryManager.FindProvidersAsync";
    private const string Session = "Bitswap.Client.SessionManager.NewSession";
    private const string Broadcast = "Bitswap.Client.Session.BroadcastOp";
    private const string Incoming = "Bitswap.Client.Getter.handleIncoming";

    /// <summary>Texts come from foreign traces, so longer ones are cut.</summary>
    private const int MostText = 1000;

    private readonly TraceSpans _trace;
    private readonly Span _manager;
    private readonly int _managerAt;
    private readonly Span _lookup;
    private readonly Dictionary<string, Draft> _drafts = new(StringComparer.Ordinal);
    private readonly List<Draft> _order = [];
    private ulong? _cancelled;
    private ulong? _finished;

    private GoProviderFates(TraceSpans trace, int manager, int lookup)
    {
        _trace = trace;
        _manager = trace[manager];
        _managerAt = manager;
        _lookup = trace[lookup];
    }

    /// <summary>The fates of the providers that an operation found; null when no block request is above it.</summary>
    /// <param name="trace">The trace.</param>
    /// <param name="root">Index of the operation's own span.</param>
    /// <param name="queries">Its queries, for agents.</param>
    public static ProviderFates? Of(TraceSpans trace, int root, List<Query> queries)
    {
        foreach (var above in trace.Ancestors(root))
        {
            if (trace[above].Name == Manager)
            {
                return new GoProviderFates(trace, above, root).Read(queries);
            }
        }

        return null;
    }

    private ProviderFates Read(List<Query> queries)
    {
        ReadNamed();
        ReadSteps();
        ReadAddressLookups();
        var cid = Cut(_manager.Text("cid")) ?? "";
        var (block, blockAt) = Block(cid);
        var asked = AskedAll();
        var agents = Agents(queries);
        return new ProviderFates
        {
            Cid = cid,
            Block = block,
            BlockNs = After(blockAt),
            AskedAllNs = After(asked),
            EndNs = After(_finished ?? _cancelled),
            MissingEvents = (int)Math.Min(int.MaxValue, (long)_manager.DroppedEventsCount + _lookup.DroppedEventsCount),
            Providers = [.. _order.Select(draft => draft.Build(this, block, asked) with { Agent = agents.GetValueOrDefault(draft.Peer) })],
        };
    }

    /// <summary>Reads whom the lookup named: <c>found provider{id, addrs[]}</c>.</summary>
    private void ReadNamed()
    {
        foreach (var happened in _lookup.Events)
        {
            if (happened.Is("found provider") && Of(happened.Attributes.GetString("id")) is { } draft)
            {
                draft.Named ??= happened.TimeUnixNano;
                if (draft.Addresses.Count == 0)
                {
                    draft.Addresses.AddRange((happened.Attributes.Strings("addrs") ?? []).Take(100).Select(static text => Cut(text)!));
                }
            }
        }
    }

    private void ReadSteps()
    {
        foreach (var happened in _manager.Events)
        {
            if (happened.Is("CancelRequest"))
            {
                _cancelled ??= happened.TimeUnixNano;
            }
            else if (happened.Is("FinishedProviderQuery"))
            {
                _finished ??= happened.TimeUnixNano;
            }
            else if (happened.Is("FoundProvider") && Of(happened.Attributes.GetString("peer")) is { } found)
            {
                found.Found ??= happened.TimeUnixNano;
            }
            else if (happened.Is("ConnectedToProvider") && Of(happened.Attributes.GetString("peer")) is { } connected)
            {
                connected.Connected ??= happened.TimeUnixNano;
            }
            else if (happened.Is("exception") && Of(happened.Attributes.GetString("peer")) is { Failed: null } failed)
            {
                failed.Failed = happened.TimeUnixNano;
                failed.Error = Cut(happened.Attributes.GetString("exception.message"));
            }
        }
    }

    /// <summary>
    /// Reads the lookups of addresses, <c>Dual.FindPeer</c> below the manager: the connect failed, or there was no address.
    /// </summary>
    private void ReadAddressLookups()
    {
        var below = new List<int>();
        _trace.Collect(_managerAt, below, child => _trace.Parent(child) == _managerAt);
        foreach (var index in below)
        {
            var span = _trace[index];
            if (
                span.Name.EndsWith(".FindPeer", StringComparison.Ordinal)
                && span.Text("key") is { } peer
                && _drafts.TryGetValue(PeerText.Canonical(peer), out var draft)
            )
            {
                draft.AddressLookup ??= span.StartUnixNano;
            }
        }
    }

    private (BlockArrival, ulong?) Block(string cid)
    {
        ulong? came = null;
        var (known, all) = (false, true);
        foreach (var span in _trace.Spans)
        {
            if (span.Name != Incoming)
            {
                continue;
            }

            known = true;
            all &= span.EndUnixNano != 0 && span.DroppedEventsCount == 0;
            foreach (var happened in span.Events)
            {
                if (
                    happened.Is("received block")
                    && happened.TimeUnixNano >= _manager.StartUnixNano
                    && happened.Attributes.GetString("cid") == cid
                    && !(came <= happened.TimeUnixNano)
                )
                {
                    came = happened.TimeUnixNano;
                }
            }
        }

        return came is not null ? (BlockArrival.Came, came) : (known && all ? BlockArrival.None : BlockArrival.Unknown, null);
    }

    /// <summary>When the session first asked all its peers after the search began; null when it did not.</summary>
    private ulong? AskedAll()
    {
        foreach (var above in _trace.Ancestors(_managerAt))
        {
            if (_trace[above].Name != Session)
            {
                continue;
            }

            var below = new List<int>();
            _trace.Collect(above, below, child => _trace.Parent(child) == above);
            return below
                .Select(index => _trace[index])
                .Where(span => span.Name == Broadcast && span.StartUnixNano >= _manager.StartUnixNano)
                .Min(static span => (ulong?)span.StartUnixNano);
        }

        return null;
    }

    private static Dictionary<string, string> Agents(List<Query> queries)
    {
        var agents = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var peer in queries.SelectMany(static query => query.Peers))
        {
            if (peer.Agent is { } agent)
            {
                agents.TryAdd(peer.Id, agent);
            }
        }

        return agents;
    }

    private Draft? Of(string? peer)
    {
        if (string.IsNullOrEmpty(peer))
        {
            return null;
        }

        var id = PeerText.Canonical(Cut(peer)!);
        if (!_drafts.TryGetValue(id, out var draft) && _order.Count < ProviderFates.MostProviders)
        {
            draft = new Draft(id);
            _drafts.Add(id, draft);
            _order.Add(draft);
        }

        return draft;
    }

    private long? After(ulong? time) => time is { } known ? SpanReading.Nanoseconds(_lookup.StartUnixNano, known) : null;

    private static string? Cut(string? text) => text?.Length > MostText ? text[..MostText] + "…" : text;

    private sealed class Draft(string peer)
    {
        public string Peer { get; } = peer;

        public ulong? Named { get; set; }

        public List<string> Addresses { get; } = [];

        public ulong? Found { get; set; }

        public ulong? Connected { get; set; }

        public ulong? Failed { get; set; }

        public string? Error { get; set; }

        public ulong? AddressLookup { get; set; }

        public ProviderFate Build(GoProviderFates of, BlockArrival block, ulong? askedAll)
        {
            var step = Step(of, block, askedAll);
            return new ProviderFate
            {
                Peer = Peer,
                Step = step,
                Failure = step == ProviderStep.Failed ? GoConnectFailure.Of(Error) : null,
                ErrorText = Error,
                NamedNs = of.After(Named),
                Addresses = [.. Addresses],
                FoundNs = of.After(Found),
                AddressLookupNs = of.After(AddressLookup),
                ConnectedNs = of.After(Connected),
                FailedNs = of.After(Failed),
                Transport = TransportText.Of(Addresses.Count == 0 ? null : Addresses[0]),
            };
        }

        private ProviderStep Step(GoProviderFates of, BlockArrival block, ulong? askedAll)
        {
            if (Connected is { } connected)
            {
                return block == BlockArrival.None && askedAll >= connected ? ProviderStep.WithoutBlock : ProviderStep.Connected;
            }

            if (Failed is not null)
            {
                // The request's own end cut the connect off: the provider has no part in it.
                return Error?.Contains("context canceled", StringComparison.Ordinal) == true ? ProviderStep.Unknown : ProviderStep.Failed;
            }

            return AddressLookup is { } lookup && !(of._cancelled <= lookup) ? ProviderStep.FailedUnsaid : ProviderStep.Unknown;
        }
    }
}
