using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text.Json;
using DhtTracer.Truth.Tests;

namespace DhtTracer.EndToEnd.Tests.Replay;

/// <summary>Sends what a real Kubo sent to its collector, request by request, in its own timing or faster.</summary>
/// <param name="capture">A folder with <c>spans.NN.pb.gz</c> and <c>arrivals.json.gz</c>.</param>
/// <param name="address">Address of an OTLP/HTTP receiver.</param>
/// <param name="timesFaster">1 for the capture's own pace.</param>
internal sealed class CaptureReplay(CaptureFolder capture, string address, double timesFaster)
{
    private readonly Dictionary<string, byte[]> _files = [];

    /// <summary>Sends everything; completes when the last request is acknowledged.</summary>
    public async Task RunAsync(CancellationToken cancellation)
    {
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        var arrivals = JsonSerializer
            .Deserialize<JsonElement>(CaptureReader.Gunzip(capture.File("arrivals.json.gz")))
            .EnumerateArray()
            .ToList();
        Assert.NotEmpty(arrivals);
        var first = arrivals[0].GetProperty("t").GetInt64();
        var watch = Stopwatch.StartNew();
        foreach (var arrival in arrivals)
        {
            var due = TimeSpan.FromTicks((long)((arrival.GetProperty("t").GetInt64() - first) / 100 / timesFaster));
            if (due > watch.Elapsed)
            {
                await Task.Delay(due - watch.Elapsed, cancellation);
            }

            using var body = new ReadOnlyMemoryContent(Body(arrival));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/x-protobuf");
            using var response = await http.PostAsync(
                new Uri(arrival.GetProperty("path").GetString()!, UriKind.Relative),
                body,
                cancellation
            );
            response.EnsureSuccessStatusCode();
        }
    }

    private ReadOnlyMemory<byte> Body(JsonElement arrival)
    {
        var name = arrival.GetProperty("file").GetString()!;
        if (!_files.TryGetValue(name, out var bytes))
        {
            bytes = CaptureReader.Gunzip(capture.File(name));
            _files.Add(name, bytes);
        }

        return bytes.AsMemory(arrival.GetProperty("offset").GetInt32(), arrival.GetProperty("length").GetInt32());
    }
}
