using System.Text.RegularExpressions;
using DhtTracer.Web.Ingest;

namespace DhtTracer.Web.Tests.Ingest;

public sealed partial class SetupLinesTests
{
    [Theory]
    [InlineData("http://127.0.0.1:43180/v1/traces", "http://127.0.0.1:43180")]
    [InlineData("http://[::1]:43180/v1/traces", "http://[::1]:43180")]
    [InlineData("http://0.0.0.0:43180/v1/traces", "http://tracer.example:43180")]
    [InlineData("http://[::]:43180/v1/traces", "http://tracer.example:43180")]
    [InlineData("http://10.1.2.3:43180/v1/traces", "http://10.1.2.3:43180")]
    public void The_line_for_kubo_names_the_port_that_is_bound(string bound, string endpoint)
    {
        var variables = Variables(Way("kubo", Http(bound)).Lines);
        Assert.Equal("otlp", variables["OTEL_TRACES_EXPORTER"]);
        Assert.Equal(endpoint, variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);

        // http/protobuf is Kubo's default: a protocol in the line would only be a way to get it wrong.
        Assert.DoesNotContain("OTEL_EXPORTER_OTLP_PROTOCOL", variables.Keys);
        Assert.EndsWith("ipfs daemon", Way("kubo", Http(bound)).Lines, StringComparison.Ordinal);
    }

    [Fact]
    public void With_grpc_alone_the_line_says_the_protocol()
    {
        var variables = Variables(
            Way(
                "kubo",
                [
                    new("OTLP over HTTP", "otlp-http", "--otlp-http-port", null),
                    new("OTLP over gRPC", "otlp-grpc", "--otlp-grpc-port", "http://127.0.0.1:9999"),
                ]
            ).Lines
        );
        Assert.Equal("grpc", variables["OTEL_EXPORTER_OTLP_PROTOCOL"]);
        Assert.Equal("http://127.0.0.1:9999", variables["OTEL_EXPORTER_OTLP_ENDPOINT"]);
    }

    [Fact]
    public void Without_a_receiver_no_line_pretends_to_work() =>
        Assert.All(
            ["kubo", "collector", "js", "go"],
            id => Assert.StartsWith("# the OTLP receivers of this process are off", Way(id, []).Lines, StringComparison.Ordinal)
        );

    [Fact]
    public void The_collector_sends_here_and_drops_roots_of_probes_and_crawls_only()
    {
        var lines = Way("collector", Http("http://127.0.0.1:43180/v1/traces")).Lines;
        Assert.Contains("    endpoint: http://127.0.0.1:43180\n", lines.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        var condition = Condition().Match(lines);
        Assert.Equal("KademliaDHT.ProtocolMessenger.GetClosestPeers", condition.Groups["name"].Value);

        // Every component of the pipeline is defined, and every one that is defined is used.
        foreach (var component in new[] { "otlp", "filter/dht", "batch", "otlphttp/dht-tracer" })
        {
            Assert.Equal(2, Regex.Count(lines, $@"(?<=[\s\[]){Regex.Escape(component)}(?=[:,\]])"));
        }
    }

    [Fact]
    public void Every_way_warns_of_where_people_fail_silently() =>
        Assert.All(SetupLines.Of(Http("http://127.0.0.1:4318/v1/traces"), "localhost"), way => Assert.NotEmpty(way.Warnings));

    [Fact]
    public void The_readme_gives_the_same_line_for_the_usual_ports() =>
        Assert.Contains(
            "    " + Way("kubo", Http("http://127.0.0.1:4318/v1/traces")).Lines + "\n",
            File.ReadAllText(Path.Combine(TestFiles.Samples(), "..", "README.md")).ReplaceLineEndings("\n"),
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData(0, 0, 0, "", "No span has arrived yet.")]
    [InlineData(412, 0, 0, "Kubo", "412 spans of Kubo have arrived, no lookup yet.")]
    [InlineData(0, 1, 0, "Kubo", "1 span of Kubo has arrived, not analysed yet, no lookup yet.")]
    [InlineData(412, 88, 0, "Kubo,jsbed", "500 spans of Kubo, jsbed have arrived, 88 of them not analysed yet, no lookup yet.")]
    [InlineData(12, 0, 1, "", "12 spans have arrived, 1 query in them.")]
    public void A_page_that_waits_says_what_has_arrived(long spans, long pending, long queries, string services, string expected) =>
        Assert.Equal(expected, Arrivals.Text(spans, pending, queries, services.Length == 0 ? [] : services.Split(','), 0));

    [Fact]
    public void What_was_refused_is_told_with_it() =>
        Assert.Equal("No span has arrived yet. 2 messages were refused: Ingest says why.", Arrivals.Text(0, 0, 0, [], 2));

    private static IReadOnlyList<ListenerState> Http(string address) => [new("OTLP over HTTP", "otlp-http", "--otlp-http-port", address)];

    private static SetupWay Way(string id, IReadOnlyList<ListenerState> listeners) =>
        SetupLines.Of(listeners, "tracer.example").Single(way => way.Id == id);

    // As a shell reads NAME=value in front of a command.
    private static Dictionary<string, string> Variables(string line) =>
        Variable().Matches(line).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["value"].Value);

    [GeneratedRegex(@"(?<=^|\s)(?<name>[A-Z_]+)=(?<value>\S+)")]
    private static partial Regex Variable();

    [GeneratedRegex("IsRootSpan\\(\\) and name == \"(?<name>[^\"]+)\"")]
    private static partial Regex Condition();
}
