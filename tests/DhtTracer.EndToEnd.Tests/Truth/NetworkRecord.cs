using System.Text.Json.Nodes;
using DhtTracer.Kademlia.Network;
using DhtTracer.Multiformats;

namespace DhtTracer.EndToEnd.Tests.Truth;

/// <summary>What a node did on its network while one query ran.</summary>
internal sealed class NetworkRecord(PeerId node, TimeProvider time, IReadOnlyList<NetworkStep> steps)
{
    /// <summary>
    /// Compares what is shown of the query that has just run. A span covers its step: the loop takes the time before it begins one and
    /// after it has taken its end.
    /// </summary>
    /// <param name="shown">The query as it is shown.</param>
    /// <param name="startedAt">A timestamp not after the start of the query.</param>
    /// <param name="begunAt">A timestamp not before it.</param>
    /// <param name="exact">The clock stands still while anything is done, so that times are equal.</param>
    public void AssertShown(JsonObject shown, long startedAt, long begunAt, bool exact)
    {
        var left = steps.ToList();
        foreach (var peer in shown["peers"]!.AsArray())
        {
            var id = peer!["id"]!.GetValue<string>();
            var sent = left.Where(step => step.Peer == id).ToList();
            left.RemoveAll(sent.Contains);
            var requests = peer["requests"]!.AsArray();
            Assert.Equal(sent.Count(step => step.Type is not null), requests.Count);
            foreach (var (step, request) in sent.Where(step => step.Type is not null).Zip(requests))
            {
                Assert.Equal(Words.Of(step.Type!.Value), request!["type"]!.GetValue<string>());
                var outcome =
                    !step.IsAnswer ? ""
                    : step.Type == MessageType.AddProvider ? "sent"
                    : "answered";
                Assert.Equal(outcome, step.IsAnswer ? request["outcome"]!.GetValue<string>() : "");
                if (step.Error is { } error)
                {
                    Assert.Equal(error.Class, request["error"]!["class"]!.GetValue<string>());
                }
                else if (step.Withdrawn)
                {
                    Assert.Contains(request["error"]!["class"]!.GetValue<string>(), new[] { "cancelled", "request-timeout" });
                }

                if (request["named"] is JsonArray named)
                {
                    Assert.Equal(
                        step.Named.Where(peerId => peerId != node.ToString()).Distinct(),
                        named.Select(peerId => peerId!.GetValue<string>())
                    );
                }

                AssertTime(step, request);
            }

            // A dial that found a connection already made shows as one that took no time or as one that reused it.
            var dials = sent.Where(step => step.Type is null).ToList();
            if (dials.Count == 0)
            {
                Assert.True(peer["dial"]?["reused"]?.GetValue<bool>() ?? true, "nobody dialed, and no dial is shown");
                continue;
            }

            var dial = peer["dial"]!;
            var shownDial =
                dials.Find(step => step is { Error: null, Withdrawn: false, Reused: false })
                ?? dials.Find(step => !step.Reused)
                ?? dials[0];
            Assert.Equal(shownDial.Reused, dial["reused"]!.GetValue<bool>());
            Assert.Equal(shownDial.Error is not null || shownDial.Withdrawn, dial["error"] is not null);
            Assert.Equal(
                shownDial.Error?.Class ?? dial["error"]?["class"]?.GetValue<string>(),
                dial["error"]?["class"]?.GetValue<string>()
            );
            AssertTime(shownDial, dial);
        }

        Assert.Empty(left);

        void AssertTime(NetworkStep step, JsonNode span)
        {
            // The query began between the two timestamps: each bound is checked from the one that cannot hide a violation by more than they
            // differ.
            var (start, end) = (Ns(startedAt, step.StartedAt), Ns(begunAt, step.EndedAt));
            var from = span["startNs"]!.GetValue<long>();
            var to = from + span["durationNs"]!.GetValue<long>();
            if (exact)
            {
                Assert.Equal((start, Math.Max(end, start + 100)), (from, to));
            }
            else
            {
                Assert.InRange(start, from - 100, long.MaxValue);
                Assert.InRange(end, long.MinValue, to + 100);
            }
        }

        long Ns(long origin, long timestamp) => time.GetElapsedTime(origin, timestamp).Ticks * 100;
    }
}

/// <summary>A dial, or a request when it has a type.</summary>
internal sealed class NetworkStep(string peer, MessageType? type, long startedAt)
{
    public string Peer => peer;

    public MessageType? Type => type;

    public long StartedAt => startedAt;

    public long EndedAt { get; set; }

    public DhtError? Error { get; set; }

    public bool Withdrawn { get; set; }

    public bool Reused { get; set; }

    public bool IsAnswer { get; set; }

    public IReadOnlyList<string> Named { get; set; } = [];
}
