using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Multiformats;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests.Dialects;

/// <summary>Compares a reconstructed query with what the simulator did: what is said is true, and what the spans tell is said.</summary>
internal static class GoTruth
{
    public static void AssertEqual(KuboTrace trace, Query query, KuboOperation operation)
    {
        var truth = trace.Wan;
        Assert.Equal(truth.Root, query.Id.SpanId);
        Assert.Equal(trace.Operation, query.OperationId.SpanId);
        Assert.Equal(TraceSource.GoKadDht, query.Source);
        Assert.Equal("Kubo", query.Service);
        Assert.Equal(truth.Node, query.Node);
        Assert.Equal(truth.StartUnixNano, query.StartUnixNano);
        Assert.Equal(truth.DurationNs, query.DurationNs);
        Assert.Equal(truth.Termination, query.Termination is { } reason ? Words.Of(reason) : null);
        Assert.Equal(Convert.ToHexStringLower(truth.Key), query.Key!.Bytes);
        Assert.Equal(
            operation == KuboOperation.GetValue || operation == KuboOperation.PutValue ? RecordKey.ToText(truth.Key) : truth.KeyText,
            query.Key.Text
        );
        Assert.Equal(truth.Found ? QueryOutcome.Success : QueryOutcome.NotFound, query.Outcome);
        Assert.Equal(Results(truth, operation), query.Counts.Results);
        Assert.Equal(operation == KuboOperation.Provide ? truth.Records : null, query.Counts.Sent);
        Assert.Equal(default, query.Missing);
        AssertPeers(truth, query, operation == KuboOperation.FindProviders);
        AssertCounts(truth, query);
    }

    private static int? Results(KuboTruth truth, KuboOperation operation) =>
        operation switch
        {
            KuboOperation.FindPeer or KuboOperation.GetValue => truth.Found ? 1 : 0,
            KuboOperation.FindProviders => truth.Providers.Count,
            KuboOperation.GetClosestPeers or KuboOperation.Refresh => truth.Closest.Count,
            _ => truth.Records,
        };

    private static void AssertPeers(KuboTruth truth, Query query, bool answersHidden)
    {
        var told = truth.Peers.Where(peer =>
            peer.Value.Spawned || peer.Value.Requests.Count > 0 || (peer.Value.Referrer is not null && !answersHidden)
        );
        Assert.Empty(told.Select(peer => peer.Key).Except(query.Peers.Select(peer => peer.Id)));
        var target = KadId.Of(truth.Key);
        var first = truth.Peers.Where(peer => peer.Value is { Spawned: true, AskedAfter: null }).Select(peer => peer.Key).ToHashSet();
        var farthest = first
            .Select(id => KadId.Of(PeerId.Parse(id)))
            .Aggregate((left, right) => target.CompareDistance(left, right) > 0 ? left : right);
        foreach (var peer in query.Peers)
        {
            var known = truth.Peers[peer.Id];
            Assert.Equal(known.AskedAfter, peer.AskedAfter);
            Assert.Equal(answersHidden && peer.Referrer is not null, peer.ReferrerInferred);
            Assert.InRange(peer.HopsAtLeast ?? 0, 0, known.Hops);
            if (peer.Hops is { } hops)
            {
                Assert.Equal((known.Hops, known.Referrer, known.HeardNs), (hops, peer.Referrer, peer.HeardNs));
            }

            if (peer.Referrer is not null)
            {
                Assert.Equal((known.Referrer, known.HeardNs), (peer.Referrer, peer.HeardNs));
            }

            // A peer nearer than one of the routing table that was asked at once is not of the routing table.
            var isNearer = target.CompareDistance(KadId.Of(PeerId.Parse(peer.Id)), farthest) < 0;
            Assert.True(
                peer.Hops is not null
                    || !(first.Contains(peer.Id) || (isNearer && !answersHidden))
                    || query.Peers.Single(other => other.Id == peer.Referrer).Hops is null
            );
            Assert.True(!isNearer || first.Contains(peer.Id) || peer.HopsAtLeast >= 1);
            AssertDial(known, peer);
            Assert.Equal(
                known
                    .Requests.OrderBy(request => request.StartNs)
                    .Select(request =>
                        (
                            request.Message,
                            (long?)request.StartNs,
                            (long?)request.DurationNs,
                            request.Outcome,
                            request.Returned,
                            request.Providers
                        )
                    ),
                peer.Requests.Select(request =>
                    (
                        Words.Of(request.Type),
                        request.StartNs,
                        request.DurationNs,
                        Words.Of(request.Outcome),
                        request.Returned,
                        request.Providers
                    )
                )
            );
            Assert.All(
                known.Requests.OrderBy(request => request.StartNs).Zip(peer.Requests),
                pair =>
                    Assert.True(
                        pair.Second.New is null || pair.Second.New == pair.First.New,
                        $"{peer.Id} new {pair.Second.New}, truth {pair.First.New}"
                    )
            );
            Assert.Equal(256 - PeerBits(truth.Key, peer.Id), peer.Xor);
            Assert.Equal(known.Requests.GroupBy(request => request.Message).Any(group => group.Count() > 1), peer.Duplicate);
        }
    }

    private static void AssertDial(KuboPeerTruth known, QueryPeer peer)
    {
        if (!known.Dialed && !known.Reused)
        {
            Assert.Null(peer.Dial);
            return;
        }

        Assert.Equal(known.Reused, peer.Dial!.Reused);
        Assert.Equal(
            known.DialFailed ? ErrorClass.DialFailed
                : known.DialAborted ? ErrorClass.Cancelled
                : null,
            peer.Dial.Error?.Class
        );
        if (known.Requests.Count == 0)
        {
            Assert.Equal(known.DialFailed ? PeerState.DialFailed : PeerState.Cancelled, peer.State);
        }
    }

    private static void AssertCounts(KuboTruth truth, Query query)
    {
        var peers = truth.Peers.Values;
        var counts = query.Counts;
        Assert.InRange(counts.Seen!.Value, 0, peers.Count);
        Assert.False(counts.SeenComplete);
        Assert.Null(counts.Remaining);
        Assert.Equal(peers.Count(peer => peer.Requests.Exists(request => request.Sent)), counts.Queried);
        Assert.Equal(peers.Count(peer => peer.Dialed), counts.Dialed);
        Assert.Equal(peers.Count(peer => peer.DialFailed), counts.DialFailed);
        Assert.Equal(0, counts.ToQuery);
        Assert.Equal(
            peers.Sum(peer => peer.Requests.GroupBy(request => request.Message).Sum(group => group.Count() - 1)),
            counts.Duplicates
        );
        var answered = truth.Peers.Where(peer => peer.Value.Requests.Exists(request => request.Outcome == "answered")).ToList();
        Assert.Equal(answered.Min(peer => 256 - PeerBits(truth.Key, peer.Key)), query.Xor);
        var hops = peers.Where(peer => peer.Requests.Count > 0).Max(peer => peer.Hops);
        Assert.InRange(query.HopsAtLeast!.Value, 0, hops);
        Assert.Equal(hops, query.Hops ?? hops);
    }

    private static int PeerBits(byte[] key, string peer) => KadId.Of(PeerId.Parse(peer)).CommonPrefixLength(KadId.Of(key));
}
