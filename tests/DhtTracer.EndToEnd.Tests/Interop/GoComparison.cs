using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Reconstruction;

namespace DhtTracer.EndToEnd.Tests.Interop;

/// <summary>Compares a query of our node, as its spans show it, with the servers' log of messages.</summary>
internal static class GoComparison
{
    /// <summary>Both read the clock of one machine, each at its own end of the stream.</summary>
    private const long ClockToleranceNs = 5_000_000;

    /// <summary>
    /// Every request to a Go node has its line in the log, with the same answer, and every line its request. A request that our node
    /// withdrew may have reached its server or not. Lines are found by key: each query of these tests has one of its own.
    /// </summary>
    public static async Task AssertSameAsync(GoTestBed bed, Query shown, string us, CancellationToken cancellation)
    {
        var servers = bed.Nodes.ToDictionary(node => node.Id);
        var requests = shown
            .Peers.Where(peer => servers.ContainsKey(peer.Id))
            .SelectMany(peer => peer.Requests.Select(request => (Peer: peer, Request: request)))
            .ToList();
        var due = requests.Count(sent => sent.Request.Outcome is RequestOutcome.Answered or RequestOutcome.Sent);
        Assert.NotEmpty(requests);
        var lines = await ReadAsync(bed, shown.Key!.Bytes, us, due, cancellation);
        foreach (var peer in shown.Peers.Where(peer => servers.ContainsKey(peer.Id)))
        {
            AssertDial(servers[peer.Id], peer);
        }

        foreach (var (peer, request) in requests)
        {
            var place = lines.FindIndex(line => line.Server == peer.Id && line.Type == Text(request.Type));
            var line = place < 0 ? null : lines[place];
            if (place >= 0)
            {
                lines.RemoveAt(place);
            }

            AssertRequest(servers[peer.Id], shown, request, line, us);
        }

        Assert.Empty(lines);
    }

    /// <summary>The lines of a key, when there are as many complete ones as requests that were answered.</summary>
    private static async Task<List<GoMessage>> ReadAsync(GoTestBed bed, string key, string us, int due, CancellationToken cancellation)
    {
        for (var attempt = 0; ; attempt++)
        {
            var lines = bed.ReadLog().Where(line => line.From == us && line.Key == key).ToList();
            if (lines.Count(line => line.Result is "answered" or "oneway") >= due || attempt == 50)
            {
                return lines;
            }

            // A server writes its line a moment after the answer has left.
            await Task.Delay(100, cancellation);
        }
    }

    private static void AssertDial(GoNode server, QueryPeer peer)
    {
        switch (peer.Dial)
        {
            case { Reused: false, Error: { Class: not ErrorClass.Cancelled } error }:
                Assert.Equal(server.Kind == "dead" ? ErrorClass.DialRefused : ErrorClass.DialTimeout, error.Class);
                Assert.Contains(server.Kind, new[] { "dead", "blackhole" });
                break;
            case { Error: null }:
                Assert.DoesNotContain(server.Kind, new[] { "dead", "blackhole" });
                break;
            default:
                break;
        }
    }

    private static void AssertRequest(GoNode server, Query shown, PeerRequest request, GoMessage? line, string us)
    {
        var where = $"{Text(request.Type)} to {server.Id} ({server.Kind}): {request.Outcome} {request.Error?.Class} {request.Error?.Text}";
        switch (request.Outcome)
        {
            case RequestOutcome.Answered or RequestOutcome.Sent:
                Assert.Equal(request.Type == MessageType.AddProvider, request.Outcome == RequestOutcome.Sent);
                Assert.True(line is not null, where + ": the server did not see it");
                Assert.Equal(request.Type == MessageType.AddProvider ? "oneway" : "answered", line.Result);
                AssertAnswer(request, line, us);
                AssertTimes(shown, request, line);
                break;
            case RequestOutcome.Cancelled:
                break;
            default:
                // The server's fault, and nothing else.
                Assert.Equal(
                    server.Kind switch
                    {
                        "silent" => ErrorClass.RequestTimeout,
                        "reset" => ErrorClass.Reset,
                        "nodht" => ErrorClass.ProtocolNotSupported,
                        _ => "no error: " + where,
                    },
                    request.Error!.Class
                );
                Assert.Equal(server.Kind == "nodht" ? null : server.Kind, line?.Result);
                break;
        }
    }

    private static void AssertAnswer(PeerRequest request, GoMessage line, string us)
    {
        if (request.Type is MessageType.FindNode or MessageType.GetProviders or MessageType.GetValue)
        {
            var returned = line.Closer.Where(id => id != us).Distinct(StringComparer.Ordinal).ToList();
            Assert.Equal(returned, request.Named);
            Assert.Equal(returned.Count, request.Returned);
        }

        if (request.Type == MessageType.GetProviders)
        {
            Assert.Equal(line.Providers.Distinct(StringComparer.Ordinal).Count(), request.Providers);
        }

        if (request.Type == MessageType.GetValue)
        {
            Assert.Equal(line.Record is null ? 0 : 1, request.Records);
        }
    }

    private static void AssertTimes(Query shown, PeerRequest request, GoMessage line)
    {
        // When the answer left, the server notes only after we may have it.
        var start = (long)shown.StartUnixNano + request.StartNs!.Value;
        var end = request.Type == MessageType.AddProvider ? long.MaxValue : start + request.DurationNs!.Value + ClockToleranceNs;
        Assert.InRange(line.ReadAt, start - ClockToleranceNs, end);
    }

    private static string Text(MessageType type) =>
        type switch
        {
            MessageType.FindNode => "FIND_NODE",
            MessageType.GetProviders => "GET_PROVIDERS",
            MessageType.AddProvider => "ADD_PROVIDER",
            MessageType.GetValue => "GET_VALUE",
            MessageType.PutValue => "PUT_VALUE",
            _ => type.ToString(),
        };
}
