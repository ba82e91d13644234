using DhtTracer.Analysis.Lint;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport;
using DhtTracer.Truth.Tests.Explain;
using DhtTracer.Truth.Tests.Go;

namespace DhtTracer.Truth.Tests.Lint;

/// <summary>
/// What rules find in captures of real lookups, against what the network and its servers wrote down: which peers had a fault, how large the
/// routing table was, which requests a server read.
/// </summary>
public sealed class LintTruthTests
{
    private const string Files = "spans.*.pb.gz";

    private static readonly Lazy<IReadOnlyList<Checked>> Healthy = new(() => Read(CaptureFolder.Of("go", "healthy-full")));
    private static readonly Lazy<IReadOnlyList<Checked>> Faulty = new(() => Read(CaptureFolder.Of("go", "cold-faults")));

    [Theory]
    [InlineData("DHT004")]
    [InlineData("DHT005")]
    public void A_peer_that_is_called_dead_or_too_slow_has_a_fault_and_a_network_without_faults_has_none(string rule)
    {
        var named = Evidence(Faulty.Value, rule);

        Assert.NotEmpty(named);
        Assert.All(named, static item => Assert.Contains(item.Peer.PeerId, item.Truth.PeerKinds.Keys));
        Assert.Empty(Evidence(Healthy.Value, rule));
    }

    [Fact]
    public void A_lookup_has_too_few_seeds_exactly_when_its_routing_table_was_smaller_than_alpha()
    {
        var small = Faulty.Value.Where(static query => query.Truth.TableBefore["dht"].Size < query.Truth.Settings.Alpha).ToList();

        Assert.NotEmpty(small);
        Assert.All(small.Where(static query => query.CanTell("DHT014")), static query => Assert.True(query.Has("DHT014")));
        Assert.Contains(small, static query => query.Has("DHT014"));
        Assert.All(
            Healthy.Value,
            static query =>
            {
                Assert.True(query.Truth.TableBefore["dht"].Size >= query.Truth.Settings.Alpha);
                Assert.False(query.Has("DHT014"));
            }
        );
    }

    [Fact]
    public void A_peer_that_was_asked_twice_read_the_request_twice()
    {
        var found = Evidence(Healthy.Value, "DHT010");
        var read = found
            .Select(static item =>
                item.Truth.ServerMessages!.Count(message =>
                    message.Server == item.Peer.PeerId && message.Type is "FIND_NODE" or "GET_PROVIDERS" or "GET_VALUE"
                )
            )
            .ToList();

        Assert.NotEmpty(found);
        Assert.All(read, static times => Assert.True(times >= 2));
        Assert.Contains(
            Healthy.Value,
            static query => !query.Has("DHT010") && query.Query.Peers.Any(static peer => peer.Requests.Length > 0)
        );
    }

    [Fact]
    public void A_quorum_was_not_needed_only_when_servers_sent_more_records_after_the_caller_had_its_last_one()
    {
        var found = Healthy.Value.Where(static query => query.Has("DHT012")).ToList();

        Assert.NotEmpty(found);
        Assert.All(
            found,
            static query =>
            {
                var known = query.Query.StartUnixNano + (ulong)query.Query.DiscoveryNs!.Value;
                Assert.True(
                    query.Truth.ServerMessages!.Count(message => message.Record is not null && (ulong)message.TAnswer > known) >= 2
                );
            }
        );
        Assert.Contains(Healthy.Value, static query => query.Query.Type == QueryType.GetValue && !query.Has("DHT012"));
    }

    [Fact]
    public void No_lookup_with_beta_3_stopped_before_beta()
    {
        Assert.All(
            Healthy.Value.Concat(Faulty.Value),
            static query =>
            {
                Assert.Equal(3, query.Truth.Settings.Beta);
                Assert.False(query.Has("DHT003"));
            }
        );
        Assert.Contains(Healthy.Value, static query => query.CanTell("DHT003"));
    }

    [Fact]
    public void Lookups_with_beta_1_stopped_before_beta()
    {
        Assert.SkipWhen(TestFiles.Shared("go", "alpha1") is null, "the capture alpha1 is not under DHT_TRACER_SHARED_DATA");
        var found = Read(CaptureFolder.Of("go", "alpha1")).Where(static query => query.Has("DHT003")).ToList();

        Assert.NotEmpty(found);
        Assert.All(found, static query => Assert.Equal(1, query.Truth.Settings.Beta));
    }

    [Fact]
    public void A_store_without_a_limit_went_to_a_peer_with_a_fault()
    {
        Assert.SkipWhen(TestFiles.Shared("go", "faults-full") is null, "the capture faults-full is not under DHT_TRACER_SHARED_DATA");
        var named = Evidence(Read(CaptureFolder.Of("go", "faults-full")), "DHT015");

        Assert.NotEmpty(named);
        Assert.All(named, static item => Assert.Contains(item.Peer.PeerId, item.Truth.PeerKinds.Keys));
        Assert.Empty(Evidence(Healthy.Value, "DHT015"));
    }

    private static List<(GoTruth Truth, LintEvidence Peer)> Evidence(IReadOnlyList<Checked> queries, string rule) =>
        [
            .. from query in queries
            from finding in query.Lint.Findings
            where finding.Rule == rule
            from peer in finding.Evidence
            select (query.Truth, peer),
        ];

    private static List<Checked> Read(CaptureFolder capture)
    {
        var truths = CaptureReader
            .JsonLines(capture.File("truth.jsonl.gz"))
            .Select(GoTruth.Read)
            .GroupBy(static truth => truth.TraceId)
            .Where(static group => group.Count() == 1)
            .ToDictionary(static group => group.Key, static group => group.Single());
        return
        [
            .. Captured
                .Queries(capture, Files)
                .Where(query => truths.ContainsKey(query.Id.TraceId.ToString()))
                .Select(query => new Checked(query, QueryLint.Of(query), truths[query.Id.TraceId.ToString()])),
        ];
    }

    private sealed record Checked(Query Query, QueryLint Lint, GoTruth Truth)
    {
        public bool Has(string rule) => Lint.Findings.Any(finding => finding.Rule == rule);

        public bool CanTell(string rule) => Lint.Silent.All(silence => silence.Rule != rule);
    }
}
