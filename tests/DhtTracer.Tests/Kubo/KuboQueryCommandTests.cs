using System.CommandLine;
using System.IO.Compression;
using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Cli;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Storage;
using DhtTracer.Storage.Queries;
using DhtTracer.Storage.Sqlite;
using DhtTracer.TestSupport.Kubo;
using Microsoft.Extensions.DependencyInjection;

namespace DhtTracer.Tests.Kubo;

/// <summary><c>query … --kubo</c> and the import of saved streams, as a user types them.</summary>
public sealed class KuboQueryCommandTests : IDisposable
{
    private const string AnyCid = "bafkreiexpifyjboedo63avngbzeo6lz5wzdjoko2343dkzqo7352e37eye";
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-kubo-").FullName;

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_query_is_shown_while_it_runs_and_its_permalink_leads_to_the_archive(bool overHttp)
    {
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        await using var kubo = await FakeKubo.StartAsync(node: captured.Node);
        kubo.Replay(captured, 50);
        await using var host = await TracerHost.StartAsync(Options(), TextWriter.Null, Ct);
        var endpoint = host.Address(overHttp ? PortKind.OtlpHttp : PortKind.OtlpGrpc)!;
        var (code, output, errors) = await RunAsync(
            overHttp ? "http/protobuf" : "grpc",
            "query",
            "get-providers",
            captured.Key,
            "--kubo",
            kubo.Url.ToString(),
            "--otlp-endpoint",
            endpoint.ToString(),
            "--site",
            "http://site.example"
        );

        Assert.Equal((0, ""), (code, errors));
        Assert.Contains(
            $"get-providers {captured.Key} at kubo/0.43.1/ {captured.Node} on http://127.0.0.1:",
            output,
            StringComparison.Ordinal
        );
        Assert.Matches(@"(?m)^ +\d+ 12D3KooW…\w{6}  [\d.]+m?s, \d+/\d+ peers$", output);
        Assert.Matches(@"(?m)^get-providers success in [\d.]+m?s, 5 results$", output);
        Assert.Contains("QmVmgHfFHhfodJPZ7s6Hpmv1RW96GhKBhwaJLatcxsBhbH /ip4/11.178.0.1/tcp/4001", output, StringComparison.Ordinal);
        var permalink = output.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("http://site.example/q/", permalink, StringComparison.Ordinal);

        Assert.True(QueryId.TryParse(permalink[^49..], out var id));
        var query = Assert.Single(
            TraceReconstruction.Reconstruct(await host.Services.GetRequiredService<TraceStore>().GetTraceAsync(id.TraceId, Ct)).Queries
        );
        Assert.Equal((id, QueryOutcome.Success, 5), (query.Id, query.Outcome, query.Counts.Results));
    }

    [Fact]
    public async Task Without_a_main_process_the_result_is_shown_and_the_permalink_says_that_it_leads_nowhere()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of());
        var (code, output, _) = await RunAsync(
            null,
            "query",
            "get-providers",
            AnyCid,
            "--kubo",
            kubo.Url.ToString(),
            "--otlp-endpoint",
            "http://127.0.0.1:1"
        );

        Assert.Equal(1, code);
        Assert.Contains("get-providers not-found in", output, StringComparison.Ordinal);
        Assert.Contains("could not be sent to http://127.0.0.1:1/", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_count_and_a_time_limit_reach_the_daemon()
    {
        await using var kubo = await FakeKubo.StartAsync();
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of());
        await RunAsync(
            null,
            "query",
            "get-providers",
            AnyCid,
            "--kubo",
            kubo.Url.ToString(),
            "--count",
            "3",
            "--timeout",
            "1500ms",
            "--otlp-endpoint",
            "http://127.0.0.1:1"
        );

        Assert.EndsWith("&num-providers=3&timeout=1500ms", Assert.Single(kubo.Requests).PathAndQuery, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("query get-providers hello --kubo http://127.0.0.1:1", 2, "is no CID")]
    [InlineData("query ping 12D3KooWLxDvWWswppMHJ4ALvQDiBNMtJ8VeaQtqNh4SXh1bd1Vo --kubo http://127.0.0.1:1", 2, "A Kubo runs")]
    [InlineData("query get-providers " + AnyCid + " --kubo nowhere", 2, "no address of a Kubo's RPC API")]
    [InlineData("query get-providers " + AnyCid + " --kubo http://127.0.0.1:1", 1, "No Kubo listens on http://127.0.0.1:1")]
    [InlineData("query get-providers " + AnyCid + " --kubo http://127.0.0.1:1 --kubo-auth secret", 2, "bearer:TOKEN")]
    public async Task What_cannot_be_done_is_one_line_with_a_remedy(string line, int exit, string says)
    {
        var (code, output, errors) = await RunAsync(null, line.Split(' '));

        Assert.Equal((exit, ""), (code, output));
        Assert.Contains(says, Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_authorization_is_sent_and_not_shown()
    {
        await using var kubo = await FakeKubo.StartAsync(authorization: "Bearer s3cret");
        kubo.Answer("routing/findprovs", FakeKuboAnswer.Of());
        var line = new[] { "query", "get-providers", AnyCid, "--kubo", kubo.Url.ToString(), "--otlp-endpoint", "http://127.0.0.1:1" };

        var (_, _, refused) = await RunAsync(null, line);
        Assert.Contains("--kubo-auth", refused, StringComparison.Ordinal);

        var (_, output, errors) = await RunAsync(null, [.. line, "--kubo-auth", "bearer:s3cret"]);
        Assert.Single(kubo.Requests);
        Assert.DoesNotContain("s3cret", output + errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_saved_stream_is_one_query_with_an_order_and_no_durations_however_often_it_is_imported(bool compressed)
    {
        var captured = CapturedCommand.Of("file-exporter", "findprovs-5");
        var file = Path.Combine(_folder, "findprovs.json");
        var saved = Encoding.UTF8.GetBytes(string.Concat(captured.Lines.Select(static line => line.Json + "\n")));
        await File.WriteAllBytesAsync(file, compressed ? Gzip(saved) : saved, Ct);
        var line = new[] { "import", file, "--key", captured.Key, "--data", Path.Combine(_folder, "data") };
        Assert.Equal(0, (await RunAsync(null, line)).Code);
        var (code, _, errors) = await RunAsync(null, line);

        Assert.Equal((0, ""), (code, errors));
        await using var store = await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = Path.Combine(_folder, "data") },
            TraceReconstruction.Reconstruct
        );
        var row = Assert.Single((await store.ListQueriesAsync(new QueryFilter(), cancellationToken: Ct)).Rows);
        var query = TraceReconstruction.Reconstruct(await store.GetTraceAsync(row.Id.TraceId, Ct)).Queries[0];
        Assert.Equal(
            (QueryType.GetProviders, captured.Key, QueryOutcome.Success, 5),
            (query.Type, query.Key?.Text, query.Outcome, query.Counts.Results)
        );
        Assert.Equal((0UL, null, null), (query.StartUnixNano, query.DurationNs, query.DiscoveryNs));
        Assert.All(
            query.Peers.SelectMany(static peer => peer.Requests),
            static request => Assert.Equal((null, null, null), (request.StartNs, request.EndNs, request.DurationNs))
        );

        // The order in which peers were asked is known all the same.
        var asked = captured
            .Lines.Select(static item => System.Text.Json.Nodes.JsonNode.Parse(item.Json)!)
            .Where(static item => item["Type"]!.GetValue<int>() is 0 or 7)
            .Select(static item => item["ID"]!.GetValue<string>())
            .Distinct()
            .Where(id => id != query.Node)
            .ToList();
        Assert.Equal(
            asked,
            query.Peers.Where(static peer => peer.Order is not null).OrderBy(static peer => peer.Order).Select(static peer => peer.Id)
        );
    }

    [Theory]
    [InlineData("--type nonsense", "--type takes one of find-peer")]
    [InlineData("--node-id nobody", "--node-id takes a peer id")]
    [InlineData("--at yesterday", "--at takes a time")]
    public void A_wrong_hint_is_refused(string option, string says)
    {
        var result = TracerCommandLine.Create().Parse(["import", "x.json", .. option.Split(' ')]);

        Assert.Contains(says, Assert.Single(result.Errors).Message, StringComparison.Ordinal);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var all = new MemoryStream();
        using (var gzip = new GZipStream(all, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return all.ToArray();
    }

    private ServerOptions Options() =>
        new()
        {
            DataDirectory = Path.Combine(_folder, "data"),
            Ports = PortTable.All.ToDictionary(
                static info => info.Kind,
                static info => info.Kind is PortKind.OtlpGrpc or PortKind.OtlpHttp ? (int?)0 : null
            ),
        };

    private static async Task<(int Code, string Output, string Errors)> RunAsync(string? protocol, params string[] arguments)
    {
        const string variable = "OTEL_EXPORTER_OTLP_PROTOCOL";
        var before = Environment.GetEnvironmentVariable(variable);
        Environment.SetEnvironmentVariable(variable, protocol);
        try
        {
            using var output = new StringWriter();
            using var errors = new StringWriter();
            var result = TracerCommandLine.Create().Parse(arguments);
            var code = await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors }, Ct);
            return (code, output.ToString().ReplaceLineEndings("\n"), errors.ToString().ReplaceLineEndings("\n"));
        }
        finally
        {
            Environment.SetEnvironmentVariable(variable, before);
        }
    }
}
