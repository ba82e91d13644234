using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests;

public sealed class MainProcessTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Every_capture_posted_to_the_receiver_becomes_the_query_that_its_import_gives()
    {
        var captures = Directory.GetFiles(TestFiles.Data("js-libp2p"), "*.json");
        var imported = TracerProcess.NewFolder();
        try
        {
            await TracerProcess.RunAsync(["import", .. captures, "--data", imported]);
            var expected = await QueriesAsync(imported);

            await using var tracer = await TracerProcess.StartAsync();
            using var client = new HttpClient();
            for (var i = 0; i < captures.Length; i++)
            {
                var answer = await PostAsync(
                    client,
                    tracer,
                    await File.ReadAllBytesAsync(captures[i], TestContext.Current.CancellationToken),
                    gzip: i % 2 == 1
                );
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            // Acknowledged is committed; analysed is a moment later.
            Assert.Equal(expected, await EventuallyAsync(() => QueriesAsync(tracer.Data), queries => queries.SequenceEqual(expected)));
            Assert.All(expected, query => Assert.Contains("\"counts\"", query, StringComparison.Ordinal));
        }
        finally
        {
            Directory.Delete(imported, recursive: true);
        }
    }

    [Fact]
    public async Task What_was_acknowledged_outlives_a_kill_and_is_analysed_after_the_next_start()
    {
        var folder = TracerProcess.NewFolder();
        try
        {
            await using (var tracer = await TracerProcess.StartAsync(folder))
            {
                using var client = new HttpClient();
                var answer = await PostAsync(
                    client,
                    tracer,
                    await File.ReadAllBytesAsync(
                        TestFiles.Data("js-libp2p", "14-dht-put.otlp-http-json.1.json"),
                        TestContext.Current.CancellationToken
                    ),
                    gzip: false
                );
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
                await tracer.KillAsync();
            }

            await using var again = await TracerProcess.StartAsync(folder);
            var queries = await EventuallyAsync(() => QueriesAsync(folder), queries => queries.Count == 1);
            Assert.Equal("put-value", JsonDocument.Parse(Assert.Single(queries)).RootElement.GetProperty("type").GetString());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Interrupting_it_ends_it_well()
    {
        await using var tracer = await TracerProcess.StartAsync();

        Assert.Equal(0, await tracer.InterruptAsync());
    }

    [Fact]
    public async Task A_taken_port_is_one_line_that_names_port_and_option()
    {
        await using var tracer = await TracerProcess.StartAsync();
        var port = new Uri(tracer.Site).Port;
        var folder = TracerProcess.NewFolder();
        var others = TracerProcess.PortOptions.Where(option => option != "--site-port").SelectMany(option => new[] { option, "off" });
        var second = await TracerProcess.RunAsync(["--site-port", $"{port}", .. others, "--data", folder]);
        Directory.Delete(folder, recursive: true);

        Assert.Equal(1, second.ExitCode);
        var line = Assert.Single(second.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains($"Port {port}", line, StringComparison.Ordinal);
        Assert.Contains("--site-port", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Samples_are_loaded_when_asked_for()
    {
        await using var tracer = await TracerProcess.StartAsync(null, "--samples");

        Assert.Matches("Loaded the samples: [1-9][0-9]* queries", tracer.Output);
        Assert.NotEmpty(await QueriesAsync(tracer.Data));
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, TracerProcess tracer, byte[] body, bool gzip)
    {
        var content = new ByteArrayContent(gzip ? Gzip(body) : body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        if (gzip)
        {
            content.Headers.ContentEncoding.Add("gzip");
        }

        return await client.PostAsync(new Uri(tracer.Url("OTLP over HTTP")), content);
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static async Task<IReadOnlyList<string>> QueriesAsync(string data)
    {
        var listed = await TracerProcess.RunAsync(["queries", "--limit", "0", "--background", "--json", "--data", data]);
        Assert.Equal(0, listed.ExitCode);
        return listed.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private static async Task<T> EventuallyAsync<T>(Func<Task<T>> read, Func<T, bool> enough)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            var value = await read();
            if (enough(value) || patience.IsCancellationRequested)
            {
                return value;
            }

            await Task.Delay(200, CancellationToken.None);
        }
    }
}
