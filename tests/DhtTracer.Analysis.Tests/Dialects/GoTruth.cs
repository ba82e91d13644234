using DhtTracer.Libp2p.Multiformats;
using DhtTracer.TestSupport.Kubo;

namespace DhtTracer.Analysis.Tests;

/// <summary>Compares a reconstructed query with what the simulator did.</summary>
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
        Assert.Equal(operation == KuboOperation.GetValue || operation == KuboOperation.PutValue ? RecordKey.ToText(truth.Key) : truth.KeyText, query.Key.Text);
        Assert.Equal(truth.Found ? QueryOutcome.Success : QueryOutcome.NotFound, query.Outcome);
        Assert.Equal(Results(truth, operation), query.Counts.Results);
        AssertPeers(truth, query, operation == KuboOperation.FindProviders);
        AssertCounts(truth, query);
    }

    private static int? Results(KuboTruth truth, KuboOperation operation) =>
        operation switch
        {
            KuboOperation.FindPeer => truth.Found ? 1 : 0,
            KuboOperation.FindProviders => truth.Providers.Count,
            KuboOperation.GetClosestPeers or KuboOperation.Refresh => null,
            _ => truth.Records,
        };

    private static void AssertPeers(KuboTruth truth, Query query, bool answersHidden)
    {
        Assert.Equal(truth.Peers.Keys.ToHashSet(), query.Peers.Select(peer => peer.Id).ToHashSet());
        foreach (var peer in query.Peers)
        {
            var known = truth.Peers[peer.Id];
            Assert.Equal(known.Hops, peer.Hops);
            if (known.Referrer is not null)
            {
                Assert.Equal((known.Referrer, false, known.HeardNs), (peer.Referrer, peer.ReferrerInferred, peer.HeardNs));
            }
            else
            {
                Assert.Equal(peer.Referrer is not null, peer.ReferrerInferred);
                Assert.NotEqual(truth.Node, peer.Referrer);
                Assert.True(answersHidden || peer.HeardNs == 0);
            }

            AssertDial(known, peer);
            Assert.Equal(
                known.Requests.OrderBy(request => request.StartNs).Select(request =>
                    (request.Message, (long?)request.StartNs, (long?)request.DurationNs, request.Outcome, request.Returned, request.New, request.Providers)),
                peer.Requests.Select(request =>
                    (Words.Of(request.Type), request.StartNs, request.DurationNs, Words.Of(request.Outcome), request.Returned, request.New, request.Providers)));
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
        Assert.Equal(known.DialFailed ? ErrorClass.DialFailed : known.DialAborted ? ErrorClass.Cancelled : null, peer.Dial.Error?.Class);
        if (known.Requests.Count == 0)
        {
            Assert.Equal(known.DialFailed ? PeerState.DialFailed : PeerState.Cancelled, peer.State);
        }
    }

    private static void AssertCounts(KuboTruth truth, Query query)
    {
        var peers = truth.Peers.Values;
        var counts = query.Counts;
        Assert.Equal(peers.Count, counts.Seen);
        Assert.Equal(peers.Count(peer => peer.Requests.Count > 0), counts.Queried);
        Assert.Equal(peers.Count(peer => peer.Dialed), counts.Dialed);
        Assert.Equal(peers.Count(peer => peer.DialFailed), counts.DialFailed);
        Assert.Equal(0, counts.ToQuery);
        Assert.Equal(peers.Count(peer => peer is { Dialed: false, Requests.Count: 0 }), counts.Remaining);
        Assert.Equal(peers.Sum(peer => peer.Requests.GroupBy(request => request.Message).Sum(group => group.Count() - 1)), counts.Duplicates);
        var answered = truth.Peers.Where(peer => peer.Value.Requests.Exists(request => request.Outcome == "answered")).ToList();
        Assert.Equal(answered.Min(peer => 256 - PeerBits(truth.Key, peer.Key)), query.Xor);
        Assert.Equal(peers.Where(peer => peer.Requests.Count > 0).Max(peer => peer.Hops), query.Hops);
    }

    private static int PeerBits(byte[] key, string peer) => KadId.Of(PeerId.Parse(peer)).CommonPrefixLength(KadId.Of(key));
}
