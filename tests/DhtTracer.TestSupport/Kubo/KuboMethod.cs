using DhtTracer.Traces.Model;

namespace DhtTracer.TestSupport.Kubo;

/// <summary>The method around a lookup: <c>IpfsDHT.FindPeer</c> and the like, or a bare <c>GetClosestPeers</c>.</summary>
internal sealed class KuboMethod(
    KuboSpans spans,
    Random random,
    KuboScenario scenario,
    KuboTruth truth,
    KuboMessages messages,
    KuboLookup lookup,
    string text,
    SpanId above
)
{
    private const ulong Us = 1_000;
    private readonly ulong _start = truth.StartUnixNano;

    public static string Name(string router, KuboOperation operation) =>
        operation switch
        {
            KuboOperation.FindProviders => router + ".FindProvidersAsync",
            KuboOperation.Provide => router + ".Provide",
            KuboOperation.PutValue => router + ".PutValue",
            KuboOperation.GetValue => router + ".SearchValue",
            _ => router + ".FindPeer",
        };

    public static IEnumerable<(string Key, AttributeValue Value)> Attributes(KuboOperation operation, string text) =>
        operation switch
        {
            KuboOperation.FindProviders => [("key", text), ("count", 20)],
            KuboOperation.Provide => [("key", text), ("announce", true)],
            KuboOperation.PutValue => [("key", text), ("value", "uc2ltdWxhdGVk"), ("len(opts)", 0)],
            KuboOperation.GetValue => [("key", text), ("len(opts)", 1)],
            _ => [("key", text)],
        };

    /// <summary>Runs it.</summary>
    /// <returns>When its span ended.</returns>
    public ulong Run()
    {
        switch (scenario.Operation)
        {
            case KuboOperation.GetClosestPeers or KuboOperation.Refresh:
                return ClosestPeers(truth.Root, above, _start);
            case KuboOperation.FindProviders:
                return Providers();
            case KuboOperation.Provide:
                return Store("ADD_PROVIDER", "PutProvider", ("key", Convert.ToHexStringLower(truth.Key)));
            case KuboOperation.PutValue:
                return Store("PUT_VALUE", "PutValue", ("record", "key:\"...\" value:\"simulated\""));
            case KuboOperation.GetValue:
                var ended = lookup.Run(truth.Root, _start + (30 * Us));
                truth.Found = truth.Records > 0;
                Method(
                    ended,
                    truth.Found ? null : "routing: not found",
                    messages.Found.Select(static found => KuboSpans.Event(found.At, "found value", ("value", "uc2ltdWxhdGVk")))
                );
                return ended;
            default:
                return FindPeer();
        }
    }

    private ulong FindPeer()
    {
        var end = lookup.Run(truth.Root, _start + (30 * Us));
        truth.Found = truth.Termination == "stopped";
        Method(
            end,
            truth.Found ? null : "routing: not found",
            truth.Found
                ? [KuboSpans.Event(end - (2 * Us), "found peer", ("id", text), ("addrs", KuboSpans.Texts(["/ip4/192.0.2.1/tcp/4001"])))]
                : []
        );
        return end;
    }

    private ulong Providers()
    {
        var routine = spans.NewId();
        var end = lookup.Run(routine, _start + (60 * Us));
        truth.Found = truth.Providers.Count > 0;
        spans.Add(
            routine,
            truth.Root,
            "KademliaDHT.IpfsDHT.FindProvidersAsyncRoutine",
            _start + (20 * Us),
            end,
            events: messages.Found.Select(static found =>
                KuboSpans.Event(found.At, "found provider", ("peer", found.Peer), ("from", found.From), ("provider_addrs_count", 1))
            )
        );
        end += 12 * Us;
        Method(
            end,
            null,
            messages.Found.Select(static found =>
                KuboSpans.Event(
                    found.At + (3 * Us),
                    "found provider",
                    ("id", found.Peer),
                    ("addrs", KuboSpans.Texts(["/ip4/192.0.2.1/tcp/4001"]))
                )
            )
        );
        return end;
    }

    /// <summary>A lookup, and then the record to each of the K closest at once.</summary>
    private ulong Store(string message, string spanName, (string Key, AttributeValue Value) attribute)
    {
        var begin = ClosestPeers(spans.NewId(), truth.Root, _start + (25 * Us)) + (30 * Us);
        var end = begin;
        foreach (var peer in lookup.Closest)
        {
            var took = (ulong)random.Next(20_000, 500_000) * Us;
            var failed = peer.Behaviour != KuboBehaviour.Answers;
            spans.Add(
                spans.NewId(),
                truth.Root,
                "KademliaDHT.ProtocolMessenger." + spanName,
                begin,
                begin + took,
                [("to", peer.Id), attribute],
                failed ? "stream reset" : null
            );
            truth
                .Peers[peer.Id]
                .Requests.Add(
                    new KuboRequestTruth
                    {
                        Message = message,
                        StartNs = (long)(begin - _start),
                        DurationNs = (long)took,
                        Outcome =
                            failed ? "failed"
                            : message == "ADD_PROVIDER" ? "sent"
                            : "answered",
                    }
                );
            truth.Records += failed ? 0 : 1;
            end = Math.Max(end, begin + took);
        }

        truth.Found = truth.Records > 0;
        Method(end + (9 * Us), null, []);
        return end + (9 * Us);
    }

    private ulong ClosestPeers(SpanId id, SpanId parent, ulong begin)
    {
        var end = lookup.Run(id, begin + (20 * Us));
        truth.Found = true;
        spans.Add(id, parent, "KademliaDHT.IpfsDHT.GetClosestPeers", begin, end, [("Key", KuboSpans.Key(truth.Key))]);
        return end;
    }

    private void Method(ulong end, string? error, IEnumerable<SpanEvent> events) =>
        spans.Add(truth.Root, above, Name("IpfsDHT", scenario.Operation), _start, end, Attributes(scenario.Operation, text), error, events);
}
