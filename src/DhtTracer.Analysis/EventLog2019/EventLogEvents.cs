using DhtTracer.Analysis.Dialects;
using DhtTracer.Analysis.Model;
using DhtTracer.Multiformats;
using DhtTracer.Traces.EventLog2019;

namespace DhtTracer.Analysis.EventLog2019;

/// <summary>An event of the log, with the runner's state at that time.</summary>
/// <param name="Name">The name of the event.</param>
/// <param name="AtNs">The time in nanoseconds after the query's start.</param>
/// <param name="Peer">The peer; null for the run's start and end.</param>
/// <param name="State">The runner's state.</param>
internal sealed record EventLogHappening(string Name, long AtNs, QueryPeer? Peer, RunnerState State)
{
    /// <summary>The request of a queryPeer event or message.</summary>
    public PeerRequest? Request { get; init; }
}

/// <summary>Turns a query back into the events that a runner of 2019 would have logged, in the same order.</summary>
internal static class EventLogEvents
{
    /// <summary>The events, sorted by time.</summary>
    public static IEnumerable<EventLogHappening> Of(Query query)
    {
        var state = new RunnerState(query);
        foreach (var (name, at, peer, request) in Raw(query).OrderBy(static item => item.At).ThenBy(static item => Rank(item.Name)))
        {
            state.Apply(name, at, peer, request);
            yield return new EventLogHappening(name, at, peer, state) { Request = request };
        }
    }

    /// <summary>
    /// The key as written in the 2019 log: a record key unchanged, any other key after <c>/provider/</c>; empty when unknown.
    /// </summary>
    public static string LoggedKey(QueryKey? key)
    {
        if (key is null)
        {
            return "";
        }

        if (EventLogKeys.IsRecord(key.Text))
        {
            return key.Text;
        }

        var isName = PeerId.TryParse(key.Text, out _) || Cid.TryParse(key.Text, out _);
        return EventLogKeys.NoNamespace
            + (isName ? key.Text : Multibase.Encode(MultibaseEncoding.Base58Btc, Convert.FromHexString(key.Bytes)));
    }

    private static IEnumerable<(string Name, long At, QueryPeer? Peer, PeerRequest? Request)> Raw(Query query)
    {
        yield return (EventLogNames.RunStart, 0, null, null);
        var named = FirstNamed(query);
        foreach (var peer in query.Peers)
        {
            var heard = peer.HeardNs ?? HeardAtLatest(peer, named);
            yield return (EventLogNames.AddPeer, heard, peer, null);
            if (peer.Duplicate && query.Source == TraceSource.EventLog2019)
            {
                yield return (EventLogNames.AddPeer, heard, peer, null);
            }

            if (peer.Dial is { } dial)
            {
                yield return (dial.Reused == true ? EventLogNames.AlreadyConnected : EventLogNames.Dialing, dial.StartNs, peer, null);
                if (dial is { Reused: not true, DurationNs: { } took })
                {
                    yield return (
                        dial.Error is null ? EventLogNames.DialSuccess : EventLogNames.DialFailure,
                        dial.StartNs + took,
                        peer,
                        null
                    );
                }
            }

            foreach (var request in peer.Requests)
            {
                if (request.StartNs is { } asked)
                {
                    yield return (EventLogNames.RequestStart, asked, peer, request);
                    yield return (EventLogNames.SentMessage, asked, peer, request);
                }

                if (request.EndNs is { } ended)
                {
                    if (request.Outcome == RequestOutcome.Answered)
                    {
                        yield return (EventLogNames.ReceivedMessage, ended, peer, request);
                        yield return (EventLogNames.RequestResult, ended, peer, request);
                    }

                    yield return (EventLogNames.RequestEnd, ended, peer, request);
                }
            }
        }

        if (query.DurationNs is { } duration)
        {
            yield return (EventLogNames.RunEnd, duration, null, null);
        }
    }

    /// <summary>
    /// When the log adds a peer whose own time is unknown: the latest possible time, when it was asked or when an answer named it.
    /// </summary>
    private static long HeardAtLatest(QueryPeer peer, Dictionary<string, long> named)
    {
        var asked = peer.Requests.IsEmpty
            ? peer.Dial?.StartNs
            : Math.Min(peer.Dial?.StartNs ?? long.MaxValue, peer.Requests[0].StartNs ?? long.MaxValue);
        return Math.Min(asked ?? long.MaxValue, named.GetValueOrDefault(peer.Id, long.MaxValue)) is var latest and < long.MaxValue
            ? latest
            : 0;
    }

    private static Dictionary<string, long> FirstNamed(Query query)
    {
        var named = new Dictionary<string, long>(StringComparer.Ordinal);
        if (query.Peers.All(static peer => peer.HeardNs is not null))
        {
            return named;
        }

        foreach (
            var request in query
                .Peers.SelectMany(static peer => peer.Requests)
                .Where(static request => !request.Named.IsDefault && request.EndNs is not null)
        )
        {
            foreach (var id in request.Named)
            {
                named[id] = Math.Min(named.GetValueOrDefault(id, long.MaxValue), request.EndNs!.Value);
            }
        }

        return named;
    }

    /// <summary>
    /// The order of events at the same time: the result of an answer, then the peers that it adds, then its end, then what the end
    /// triggers.
    /// </summary>
    private static int Rank(string name) =>
        name switch
        {
            EventLogNames.RunStart => 0,
            EventLogNames.ReceivedMessage => 1,
            EventLogNames.RequestResult => 2,
            EventLogNames.AddPeer => 3,
            EventLogNames.RequestEnd => 4,
            EventLogNames.DialSuccess or EventLogNames.DialFailure => 5,
            EventLogNames.AlreadyConnected or EventLogNames.Dialing => 6,
            EventLogNames.RequestStart => 7,
            EventLogNames.SentMessage => 8,
            _ => 9,
        };
}
