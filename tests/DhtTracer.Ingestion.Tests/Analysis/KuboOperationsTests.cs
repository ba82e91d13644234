using System.IO.Compression;
using System.Text.Json;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Json;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage.Queries;
using DhtTracer.TestSupport;

namespace DhtTracer.Ingestion.Tests.Analysis;

/// <summary>A file that a Kubo wrote, imported: each command is one row, with what its side traces add.</summary>
public sealed class KuboOperationsTests
{
    private static readonly string Capture = TestFiles.Data("kubo", "file-exporter");

    [Fact]
    public async Task Each_command_of_a_kubo_is_one_operation()
    {
        await using var host = await IngestHost.StartAsync(TraceReconstruction.Reconstruct);
        await new FileImporter(host.Store).ImportAsync(
            [Path.Combine(Capture, "traces-file-exporter.json.gz")],
            new ImportOptions(),
            null,
            null,
            TestContext.Current.CancellationToken
        );
        await host.Worker.DrainAsync();
        Assert.Equal(0, host.Worker.FailedCount);

        var rows = (await host.Store.ListOperationsAsync(new QueryFilter(), QuerySort.Oldest)).Rows;
        var commands = Truth().Where(static command => command.Type is not null).ToList();
        Assert.Equal(4, commands.Count);
        Assert.Equal(
            commands.Select(static command => (command.Type!.Value, command.Trace)),
            rows.Select(static row => (row.Operation.Type, row.Operation.Id.TraceId.ToString()))
        );
        foreach (var (command, row) in commands.Zip(rows))
        {
            Assert.Equal(command.Puts, row.Operation.Parts.Length);
            Assert.False(row.Skipped);
            Assert.Null(row.Operation.AnalysisVersion);
            Assert.InRange(row.Queries.Count(static query => !query.Skipped), 1, 2);
        }

        // What the node did for itself is apart, and the parts are no rows.
        Assert.Equal(4, await host.Store.CountOperationsAsync(new QueryFilter()));
        Assert.All(
            (await host.Store.ListOperationsAsync(new QueryFilter { Background = true }, limit: 1000)).Rows,
            static row => Assert.True(row.Operation.Background)
        );
        var provide = rows[^1];
        Assert.Equal(provide.Operation.Results, provide.Decisive!.Counts.Sent);
        Assert.True(provide.Operation.Results > 0);
    }

    [Fact]
    public async Task Operations_are_stored_as_they_are_reconstructed()
    {
        await using var host = await IngestHost.StartAsync(TraceReconstruction.Reconstruct);
        await new FileImporter(host.Store).ImportAsync(
            [Path.Combine(Capture, "traces-file-exporter.json.gz")],
            new ImportOptions(),
            null,
            null,
            TestContext.Current.CancellationToken
        );
        await host.Worker.DrainAsync();
        var rows = (await host.Store.ListOperationsAsync(new QueryFilter { Background = null }, limit: 1000)).Rows;
        Assert.NotEmpty(rows);
        foreach (var row in rows)
        {
            var details = await host.Store.GetOperationAsync(row.Operation.Id, TestContext.Current.CancellationToken);
            Assert.Equal(OperationJson.ToUtf8(details!.Operation), OperationJson.ToUtf8(row.Operation));
        }
    }

    private static IEnumerable<(QueryType? Type, string Trace, int Puts)> Truth()
    {
        using var reader = new StreamReader(
            new GZipStream(File.OpenRead(Path.Combine(Capture, "truth.jsonl.gz")), CompressionMode.Decompress)
        );
        while (reader.ReadLine() is { } line)
        {
            using var document = JsonDocument.Parse(line);
            var command = document.RootElement;
            var traces = command.GetProperty("traces").EnumerateArray().ToList();
            QueryType? type = command.GetProperty("label").GetString() switch
            {
                "findpeer-found" => QueryType.FindPeer,
                "findprovs-5" => QueryType.GetProviders,
                "name-resolve" => QueryType.GetValue,
                "provide" => QueryType.AddProvider,
                _ => null,
            };
            yield return (
                type,
                traces
                    .Where(static trace => trace.GetProperty("role").GetString() == "main")
                    .Select(static trace => trace.GetProperty("id").GetString())
                    .FirstOrDefault()
                    ?? "",
                traces.Count(static trace => trace.GetProperty("role").GetString()!.EndsWith(".PutProvider", StringComparison.Ordinal))
            );
        }
    }
}
