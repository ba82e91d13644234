using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using DhtTracer.Analysis.Model;
using DhtTracer.TestSupport;
using DhtTracer.Traces.Otlp;

[assembly: AssemblyFixture(typeof(DhtTracer.EndToEnd.Tests.Site.SharedSite))]

namespace DhtTracer.EndToEnd.Tests.Site;

/// <summary>
/// The real program with something to show on every page: the samples, and <see cref="SimulatedDays"/> sent through the OTLP receiver.
/// Started by the first test that asks; tests only read it.
/// </summary>
public sealed class SharedSite : IAsyncDisposable
{
    private const int TracesPerRequest = 20;

    private readonly Lazy<Task<Archive>> _archive = new(LoadAsync);

    /// <summary>The site and what it holds.</summary>
    public Task<Archive> OpenAsync() => _archive.Value;

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_archive.IsValueCreated && _archive.Value.IsCompletedSuccessfully)
        {
            var tracer = (await _archive.Value).Tracer;
            await tracer.DisposeAsync();
            Directory.Delete(tracer.Data, recursive: true);
        }
    }

    private static async Task<Archive> LoadAsync()
    {
        var days = new SimulatedDays(DateTimeOffset.UtcNow);
        var folder = TracerProcess.NewFolder();
        await ImportSamplesAsync(folder);
        var tracer = await TracerProcess.StartAsync(folder);
        try
        {
            using var client = new HttpClient();
            foreach (var traces in days.Queries.Chunk(TracesPerRequest))
            {
                using var content = new ByteArrayContent(OtlpProtobuf.Encode([.. traces.SelectMany(NativeTrace.Of)]));
                content.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
                using var answer = await client.PostAsync(new Uri(tracer.Url("OTLP over HTTP")), content);
                Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            }

            // Acknowledged is committed; analysed is a moment later.
            foreach (var query in days.Queries)
            {
                await AnalysedAsync(client, tracer.Site, query);
            }

            return new Archive(tracer, days);
        }
        catch
        {
            await tracer.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Imports the samples. The real Kubo's is of one November morning: it is brought a month earlier, so that it never falls into the
    /// hours of the simulated days, which end now.
    /// </summary>
    private static async Task ImportSamplesAsync(string folder)
    {
        const ulong Month = 30UL * 24 * 3_600_000_000_000;
        const string Real = "kubo-0.43.1.otlp.pb.gz";
        using var sample = new GZipStream(File.OpenRead(TestFiles.Samples(Real)), CompressionMode.Decompress);
        using var content = new MemoryStream();
        await sample.CopyToAsync(content);
        var earlier = OtlpProtobuf
            .Decode(content.ToArray())
            .Select(static span =>
                span with
                {
                    StartUnixNano = span.StartUnixNano - Month,
                    EndUnixNano = span.EndUnixNano == 0 ? 0 : span.EndUnixNano - Month,
                    Events = [.. span.Events.Select(static moment => moment with { TimeUnixNano = moment.TimeUnixNano - Month })],
                }
            );
        var file = Path.Combine(folder, "earlier.otlp.pb");
        await File.WriteAllBytesAsync(file, OtlpProtobuf.Encode([.. earlier]));
        var others = Directory.GetFiles(TestFiles.Samples()).Where(static path => !path.EndsWith(Real, StringComparison.Ordinal));
        var import = await TracerProcess.RunAsync([
            "import",
            file,
            TestFiles.Samples("js-libp2p"),
            .. others.Where(static path => !path.EndsWith(".md", StringComparison.Ordinal)),
            "--data",
            folder,
        ]);
        Assert.True(import.ExitCode == 0, import.Error);
    }

    private static async Task AnalysedAsync(HttpClient client, string site, Query query)
    {
        var until = TimeProvider.System.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri($"{site}/api/v1/queries/{query.Id}"));
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            Assert.True(
                TimeProvider.System.GetElapsedTime(until) < TimeSpan.FromMinutes(1),
                $"{query.Id} was not analysed within a minute"
            );
            await Task.Delay(100);
        }
    }
}

/// <summary>A running program and what is true of its archive.</summary>
/// <param name="Tracer">The program.</param>
/// <param name="Days">The queries beside the samples.</param>
public sealed record Archive(TracerProcess Tracer, SimulatedDays Days)
{
    /// <summary>Address of the site, without a slash at the end.</summary>
    public string Site => Tracer.Site;

    /// <summary>The slowest of the simulated queries: it has peers in every state.</summary>
    public Query Slowest { get; } = Days.Queries.MaxBy(static query => query.DurationNs)!;

    /// <summary>All of them.</summary>
    public IReadOnlyList<Query> Queries => Days.Queries;

    /// <summary>The address that compares the last full hour with the same hour of the day before.</summary>
    public string TwoHours => $"/compare?a.from={Text(-25)}&a.to={Text(-24)}&b.from={Text(-1)}&b.to={Text(0)}";

    private string Text(int hour) => Days.ThisHour.AddHours(hour).ToString("yyyy-MM-dd'T'HH:mm", CultureInfo.InvariantCulture);
}
