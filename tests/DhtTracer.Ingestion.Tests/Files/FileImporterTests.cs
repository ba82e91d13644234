using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using DhtTracer.Analysis;
using DhtTracer.Analysis.Reconstruction;
using DhtTracer.Ingestion.Files;
using DhtTracer.Storage;
using DhtTracer.Storage.Sqlite;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Model;
using DhtTracer.Traces.Otlp;

namespace DhtTracer.Ingestion.Tests.Files;

public sealed class FileImporterTests : IAsyncDisposable
{
    private static readonly string Capture = TestFiles.Data("js-libp2p", "02-dht-findProviders-many.otlp-http-json.1.json");

    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-import-").FullName;
    private TraceStore? _opened;

    [Fact]
    public async Task A_capture_is_imported_span_for_span()
    {
        var summary = await ImportAsync([Capture]);

        var expected = CaptureSpans();
        Assert.Equal((1, expected.Count, 0L), (summary.Files, (int)summary.Spans, summary.Duplicates));
        var trace = Assert.Single(summary.Traces);
        Assert.Equal(
            expected.Select(span => span.SpanId).Order(),
            (await (await StoreAsync()).GetTraceAsync(trace, Ct)).Select(span => span.SpanId).Order()
        );
        Assert.Empty(summary.Skipped);
    }

    [Fact]
    public async Task Importing_twice_changes_nothing_and_says_so()
    {
        await ImportAsync([Capture]);
        var store = await StoreAsync();
        var before = await store.CountsAsync(Ct);
        var summary = await ImportAsync([Capture]);

        Assert.Equal(summary.Spans, summary.Duplicates);
        Assert.Equal((before.Traces, before.Spans, before.PendingSpans), await CountsAsync());

        async Task<(long Traces, long Spans, long Pending)> CountsAsync()
        {
            var counts = await store.CountsAsync(Ct);
            return (counts.Traces, counts.Spans, counts.PendingSpans);
        }
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("gzip")]
    [InlineData("lines")]
    [InlineData("protobuf")]
    [InlineData("protobuf gzip")]
    public async Task Every_wrapping_of_a_capture_gives_the_same_spans(string wrapping)
    {
        var json = await File.ReadAllBytesAsync(Capture, Ct);
        var spans = CaptureSpans();
        var bytes = wrapping switch
        {
            "plain" => json,
            "gzip" => Gzip(json),
            "lines" => Encoding.UTF8.GetBytes(
                string.Join('\n', spans.Chunk(7).Select(some => Encoding.UTF8.GetString(OtlpJson.Encode(some))))
            ),
            "protobuf" => OtlpProtobuf.Encode(spans),
            _ => Gzip(OtlpProtobuf.Encode(spans)),
        };
        var summary = await ImportAsync([Write("capture.bin", bytes)]);

        Assert.Equal(spans.Count, summary.Spans);
        Assert.Equal(
            spans.ToDictionary(span => span.SpanId),
            (await (await StoreAsync()).GetTraceAsync(spans[0].TraceId, Ct)).ToDictionary(span => span.SpanId)
        );
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_file_of_kubos_file_exporter_is_imported_as_it_grows(bool gzipped)
    {
        var whole = await GunzipAsync(TestFiles.Data("kubo", "file-exporter", "traces-file-exporter.json.gz"));
        var cut = whole.AsSpan(0, 100_000).ToArray();
        var first = await ImportAsync([Write("traces.json", gzipped ? Gzip(cut) : cut)]);
        var second = await ImportAsync([Write("traces.json", gzipped ? Gzip(whole) : whole)]);

        var lines = cut.AsSpan().Count((byte)'\n');
        Assert.Equal(lines, first.Spans);
        var note = Assert.Single(first.Skipped);
        Assert.False(note.IsError);
        Assert.StartsWith($"Line {lines + 1}, the last one, is cut off", note.Problem, StringComparison.Ordinal);
        Assert.Equal((3520L, (long)lines), (second.Spans, second.Duplicates));
        Assert.Empty(second.Skipped);
    }

    [Fact]
    public async Task A_garbage_line_in_a_file_of_kubos_file_exporter_is_named_by_its_number()
    {
        var whole = await GunzipAsync(TestFiles.Data("kubo", "file-exporter", "traces-file-exporter.json.gz"));
        var third = whole.AsSpan().IndexOf((byte)'\n') + 1;
        third += whole.AsSpan(third).IndexOf((byte)'\n') + 1;
        byte[] spoiled = [.. whole.AsSpan(0, third), .. "garbage\n"u8, .. whole.AsSpan(third)];
        var path = Write("traces.json", spoiled);
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([path]));
        var summary = await ImportAsync([path], new ImportOptions { KeepGoing = true });

        Assert.Contains(
            $"1 of its spans cannot be kept, the first at byte {third}: line 3: ",
            Assert.Single(error.Problems).Problem,
            StringComparison.Ordinal
        );
        Assert.Equal(3520, summary.Spans);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_pipe_in_a_folder_is_passed_over_with_a_word_and_never_opened()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes in folders.");
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "in")).FullName;
        File.Copy(Capture, Path.Combine(folder, "capture.json"));
        using var made = Process.Start("mkfifo", Path.Combine(folder, "pipe.json"));
        await made.WaitForExitAsync(Ct);
        var summary = await ImportAsync([folder]);

        Assert.Equal((1, CaptureSpans().Count), (summary.Files, (int)summary.Spans));
        var skip = Assert.Single(summary.Skipped);
        Assert.EndsWith("pipe.json", skip.File, StringComparison.Ordinal);
        Assert.Contains("pipe", skip.Problem, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_named_pipe_is_read_to_its_end_as_a_shell_gives_it_for_the_output_of_a_command()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no pipes in folders.");
        var pipe = Path.Combine(_folder, "pipe");
        using var made = Process.Start("mkfifo", pipe);
        await made.WaitForExitAsync(Ct);
        using var writer = Process.Start("sh", ["-c", $"cat '{Capture}' > '{pipe}'"]);
        var summary = await ImportAsync([pipe]);

        Assert.Equal((1, CaptureSpans().Count), (summary.Files, (int)summary.Spans));
        Assert.Empty(summary.Skipped);
    }

    [Fact]
    public async Task A_log_of_a_rust_node_that_has_grown_gives_the_same_queries()
    {
        var whole = await GunzipAsync(TestFiles.Data("rust", "rust-lookups", "log.fmt.log.gz"));
        var first = await ImportAsync([
            Write("node.log", whole.AsSpan(0, whole.AsSpan(0, whole.Length / 2).LastIndexOf((byte)'\n') + 1).ToArray()),
        ]);
        var second = await ImportAsync([Write("node.log", whole)]);
        var again = await ImportAsync([Write("copy-of-node.log", whole)]);

        // Ten operations of the capture, and the bootstrap that the node began by itself.
        Assert.Equal(11, second.Traces.Count);
        Assert.ProperSubset(second.Traces.ToHashSet(), first.Traces.ToHashSet());
        Assert.True(first.Spans > 0 && second.Duplicates > 0);
        Assert.Equal((second.Spans, second.Spans), (again.Spans, again.Duplicates));
    }

    [Fact]
    public async Task Captures_of_rust_nodes_are_imported_as_a_folder_without_its_other_files()
    {
        var summary = await ImportAsync([TestFiles.Data("rust", "litep2p-writes")]);

        // A human and a JSON log; the truth beside them holds no traces.
        Assert.Equal(2, summary.Files);
        var skipped = Assert.Single(summary.Skipped);
        Assert.False(skipped.IsError);
        Assert.EndsWith("truth.jsonl.gz", skipped.File, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_without_lines_of_libp2p_says_what_to_switch_on()
    {
        var log = Write(
            "node.log",
            (
                "2026-11-30T05:33:52.305146Z  INFO libp2p_swarm: "u8
                + "local_peer_id=12D3KooWHXQZRg58f2wFgbwe1RRJLuNTDEq7QEUsb1p7PQNhxkcE\n"u8
            ).ToArray()
        );
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([log]));

        Assert.Contains("RUST_LOG=libp2p_kad=trace,libp2p_swarm=debug", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_bad_file_among_good_ones_imports_nothing_and_names_the_place()
    {
        var broken = Write("broken.json", (await File.ReadAllBytesAsync(Capture, Ct)).AsSpan(0, 5000).ToArray());
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([Capture, broken]));

        var problem = Assert.Single(error.Problems);
        Assert.Equal(broken, problem.File);
        Assert.Contains("byte", problem.Problem, StringComparison.Ordinal);
        Assert.Equal(0, (await (await StoreAsync()).CountsAsync(Ct)).Spans + (await (await StoreAsync()).CountsAsync(Ct)).PendingSpans);
    }

    [Fact]
    public async Task Keep_going_imports_the_good_files_and_lists_the_rest()
    {
        var broken = Write("broken.json", "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"traceId\":12"u8.ToArray());
        var summary = await ImportAsync([broken, Capture, Path.Combine(_folder, "nowhere")], new ImportOptions { KeepGoing = true });

        Assert.Equal(1, summary.Files);
        Assert.Equal(CaptureSpans().Count, summary.Spans);
        Assert.Equal([Path.Combine(_folder, "nowhere"), broken], summary.Skipped.Select(skip => skip.File));
        Assert.All(summary.Skipped, skip => Assert.True(skip.IsError));
    }

    [Fact]
    public async Task A_bad_line_of_many_is_named_by_its_number_in_the_file()
    {
        var line = Encoding.UTF8.GetString(OtlpJson.Encode(CaptureSpans()));
        var lines = Enumerable.Repeat(line, 400).Append("{\"resourceSpans\":[{]}").Append(line);
        var file = Write("many.jsonl", Encoding.UTF8.GetBytes(string.Join('\n', lines)));
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([file]));

        Assert.Contains("line 401", Assert.Single(error.Problems).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_import_too_large_to_hold_is_read_twice_and_complete()
    {
        var spans = CaptureSpans();
        var summary = await ImportAsync([Capture], new ImportOptions { MaxTransactionBytes = 1 });

        Assert.Equal(spans.Count, summary.Spans);
        Assert.Equal(spans.Count, (await (await StoreAsync()).GetTraceAsync(spans[0].TraceId, Ct)).Count);
    }

    [Fact]
    public async Task A_document_over_the_limit_is_refused_with_the_remedy()
    {
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([Capture], new ImportOptions { MaxDocumentBytes = 1000 }));

        Assert.Contains("split it", Assert.Single(error.Problems).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_is_searched_and_files_that_hold_no_traces_are_listed_but_no_error()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "in", "deep"));
        File.Copy(Capture, Path.Combine(_folder, "in", "deep", "a.json"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "in", "README.md"), "# not a trace", Ct);
        var summary = await ImportAsync([Path.Combine(_folder, "in")]);

        Assert.Equal(1, summary.Files);
        Assert.False(Assert.Single(summary.Skipped).IsError);
    }

    [Fact]
    public async Task A_named_file_that_holds_no_traces_is_an_error()
    {
        var error = await Assert.ThrowsAsync<ImportException>(() => ImportAsync([Write("notes.txt", "hello"u8.ToArray())]));

        Assert.Contains("none of the formats", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Standard_input_is_a_file_like_any_other()
    {
        using var input = new MemoryStream(Gzip(await File.ReadAllBytesAsync(Capture, Ct)));
        var summary = await new FileImporter(await StoreAsync()).ImportAsync(["-"], new ImportOptions(), input, cancellationToken: Ct);

        Assert.Equal(CaptureSpans().Count, summary.Spans);
    }

    [Fact]
    public async Task Damaged_gzip_is_an_error_of_its_file()
    {
        var bytes = Gzip(await File.ReadAllBytesAsync(Capture, Ct));
        var error = await Assert.ThrowsAsync<ImportException>(() =>
            ImportAsync([Write("cut.json.gz", bytes.AsSpan(0, bytes.Length / 2).ToArray())])
        );

        Assert.Contains("cut.json.gz", error.Message, StringComparison.Ordinal);
    }

    public async ValueTask DisposeAsync()
    {
        if (_opened is not null)
        {
            await _opened.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static IReadOnlyList<Span> CaptureSpans() => OtlpJson.Decode(File.ReadAllBytes(Capture));

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static async Task<byte[]> GunzipAsync(string path)
    {
        await using var gzip = new GZipStream(File.OpenRead(path), CompressionMode.Decompress);
        using var content = new MemoryStream();
        await gzip.CopyToAsync(content, Ct);
        return content.ToArray();
    }

    private string Write(string name, byte[] bytes)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private async Task<TraceStore> StoreAsync() =>
        _opened ??= await SqliteTraceStore.OpenAsync(
            new SqliteOptions { Directory = Path.Combine(_folder, "data") },
            TraceReconstruction.Reconstruct,
            cancellationToken: Ct
        );

    private async Task<ImportSummary> ImportAsync(IReadOnlyList<string> paths, ImportOptions? options = null) =>
        await new FileImporter(await StoreAsync()).ImportAsync(paths, options ?? new ImportOptions(), cancellationToken: Ct);
}
