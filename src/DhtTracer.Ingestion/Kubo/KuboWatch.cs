using System.Text.Json;
using System.Threading.Channels;
using DhtTracer.Traces.KuboLogs;
using DhtTracer.Traces.Model;

namespace DhtTracer.Ingestion.Kubo;

/// <summary>
/// Watches the provide sweep of a running Kubo, without a restart. Over 300 lines, because its loops share the queue of spans. It raises
/// the levels of its loggers, streams its log, asks for its statistics, and sends all of it as spans. Puts the levels back at the end,
/// however it ends. Reconnects when the daemon goes away.
/// </summary>
/// <param name="client">The daemon.</param>
/// <param name="options">How.</param>
/// <param name="send">Sends spans; false if that failed, then it is tried again.</param>
/// <param name="clock">The reader's clock, for statistics and waits.</param>
public sealed class KuboWatch(
    KuboRpcClient client,
    KuboWatchOptions options,
    Func<IReadOnlyList<Span>, Task<bool>> send,
    TimeProvider clock
)
{
    /// <summary>Level that Kubo starts with.</summary>
    private const string DefaultLevel = "error";

    /// <summary>Most spans that wait for the receiver. Then the newest are lost, and counted.</summary>
    private const int MostWaiting = 50_000;
    private const int MostTogether = 1_000;
    private static readonly string[] Levels = ["debug", "info", "warn", "error", "dpanic", "panic", "fatal"];
    private static readonly TimeSpan RestoreTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan SendPause = TimeSpan.FromSeconds(1);
    private static readonly string[] Changing = ["uptime", "current_time_offset", "since"];

    private readonly Channel<Span> _spans = Channel.CreateBounded<Span>(
        new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.Wait }
    );
    private int _lines;
    private int _statistics;
    private int _lost;

    /// <summary>Watches until it is cancelled. Can be called once.</summary>
    /// <exception cref="KuboException">The daemon cannot be watched at all: it is not there at the start, or refuses.</exception>
    public async Task<KuboWatchSummary> RunAsync(CancellationToken cancellation)
    {
        var identity = await client.IdentityAsync(cancellation);
        var spans = new KuboLogSpans(identity.Id, VersionOf(identity.Agent));
        var raised = new List<(string Logger, string Level, string Before)>();
        using var ending = new CancellationTokenSource();
        var sending = SendAllAsync(ending.Token);
        try
        {
            foreach (var (logger, level) in Wanted())
            {
                var before = await client.LogLevelAsync(logger, cancellation);
                if (Array.IndexOf(Levels, before ?? DefaultLevel) <= Array.IndexOf(Levels, level))
                {
                    options.Tell($"The level of {logger} is {before} already.");
                    continue;
                }

                // Noted first: a level that was set is put back, also when the answer was lost.
                raised.Add((logger, level, before ?? DefaultLevel));
                await client.SetLogLevelAsync(logger, level, cancellation);
                options.Tell($"The level of {logger} is {level}; it was {before ?? $"not told, so {DefaultLevel} is assumed"}.");
            }

            await Task.WhenAll(AgainAsync(() => TailAsync(spans, cancellation), raised, cancellation), PollAsync(spans, cancellation));
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The usual end.
        }
        finally
        {
            foreach (var (logger, _, before) in raised)
            {
                await RestoreAsync(logger, before);
            }

            await ending.CancelAsync();
            _spans.Writer.Complete();
            await sending;
        }

        return new KuboWatchSummary(_lines, _statistics, _lost);
    }

    /// <summary>The loggers that are read, each with the level that it needs.</summary>
    private IEnumerable<(string Logger, string Level)> Wanted()
    {
        yield return (KuboLogNames.Provider, options.Level);
        if (options.Blocks)
        {
            yield return (KuboLogNames.Bitswap, "debug");
            yield return (KuboLogNames.ProviderQueries, "debug");
        }
    }

    /// <summary>Puts a level back, also when the watch was cancelled or failed.</summary>
    private async Task RestoreAsync(string logger, string level)
    {
        using var limit = new CancellationTokenSource(RestoreTimeout, clock);
        try
        {
            await client.SetLogLevelAsync(logger, level, limit.Token);
            options.Tell($"The level of {logger} is {level} again.");
        }
        catch (Exception failure) when (failure is KuboException or OperationCanceledException)
        {
            options.Tell(
                $"The level of {logger} could not be put back ({failure.Message}). "
                    + $"A daemon that was stopped starts with its own level; else run 'ipfs log level {logger} {level}'."
            );
        }
    }

    /// <summary>Streams again and again. A daemon that was started anew has its own level, which is raised again.</summary>
    private async Task AgainAsync(
        Func<Task> stream,
        List<(string Logger, string Level, string Before)> raised,
        CancellationToken cancellation
    )
    {
        var pause = options.Pause;
        while (true)
        {
            var linesBefore = _lines;
            try
            {
                await stream();
                options.Tell("The daemon ended the stream of its log.");
            }
            catch (KuboException lost)
            {
                options.Tell(lost.Message);
            }

            pause = _lines > linesBefore ? options.Pause : pause;
            options.Tell($"Connecting again in {pause.TotalSeconds:0.#} s.");
            await Task.Delay(pause, clock, cancellation);
            pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, options.Pause.Ticks * 30));
            try
            {
                foreach (var (logger, level, _) in raised)
                {
                    await client.SetLogLevelAsync(logger, level, cancellation);
                }
            }
            catch (KuboException absent)
            {
                options.Tell(absent.Message);
            }
        }
    }

    private async Task TailAsync(KuboLogSpans spans, CancellationToken cancellation)
    {
        await using var log = await client.LogTailAsync(options.Blocks ? "debug" : options.Level, cancellation);
        await foreach (var line in log.ReadAsync(cancellation))
        {
            if (line.IsOfSweep || (options.Blocks && line.IsOfBlocks))
            {
                _lines++;
                Add(spans.Of(line));
            }
        }
    }

    /// <summary>Asks for statistics. An answer that says what the last one said is not kept.</summary>
    private async Task PollAsync(KuboLogSpans spans, CancellationToken cancellation)
    {
        var last = new Dictionary<string, string>(StringComparer.Ordinal);
        var refused = new HashSet<string>(StringComparer.Ordinal);
        while (true)
        {
            foreach (var command in (string[])["provide/stat?all=true", "stats/dht"])
            {
                var name = command.Split('?')[0];
                try
                {
                    var answer = await client.AnswerAsync(command, cancellation);
                    var text = name == "stats/dht" ? Tables(answer) : answer;
                    if (text is not null && Digest(text) is { } digest && last.GetValueOrDefault(name) != digest)
                    {
                        last[name] = digest;
                        _statistics++;
                        Add(spans.Statistics(name, UnixNano(), text));
                    }
                }
                catch (KuboException failure)
                {
                    // An old version, or a daemon without the sweep, refuses each time.
                    if (refused.Add(name))
                    {
                        options.Tell($"{name}: {failure.Message}");
                    }
                }
            }

            await Task.Delay(options.Every, clock, cancellation);
        }
    }

    private void Add(Span span)
    {
        if (!_spans.Writer.TryWrite(span))
        {
            _lost++;
        }
    }

    /// <summary>Sends what was seen, in order. At the end it tries once more, and counts what is lost.</summary>
    private async Task SendAllAsync(CancellationToken ending)
    {
        var batch = new List<Span>(MostTogether);
        while (await _spans.Reader.WaitToReadAsync(CancellationToken.None))
        {
            // Lines come in bursts; together they are one message.
            await PauseAsync(SendPause / 4, ending);
            while (batch.Count < MostTogether && _spans.Reader.TryRead(out var span))
            {
                batch.Add(span);
            }

            while (batch.Count > 0 && !await send(batch))
            {
                if (ending.IsCancellationRequested)
                {
                    _lost += batch.Count;
                    break;
                }

                await PauseAsync(SendPause, ending);
            }

            batch.Clear();
        }
    }

    /// <summary>Waits, but not beyond the end of the watch.</summary>
    private Task PauseAsync(TimeSpan pause, CancellationToken ending) =>
        Task.Delay(pause, clock, ending)
            .ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>How many peers each routing table has; the answer itself lists each of them.</summary>
    private static string? Tables(string answer)
    {
        var tables = new SortedDictionary<string, object>(StringComparer.Ordinal);
        foreach (var line in answer.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            try
            {
                using var json = JsonDocument.Parse(line);
                if (
                    json.RootElement.TryGetProperty("Name", out var name)
                    && name.GetString() is { } table
                    && json.RootElement.TryGetProperty("Buckets", out var buckets)
                    && buckets.ValueKind == JsonValueKind.Array
                )
                {
                    tables[table] = new
                    {
                        buckets = buckets.GetArrayLength(),
                        peers = buckets
                            .EnumerateArray()
                            .Sum(static bucket =>
                                bucket.TryGetProperty("Peers", out var peers) && peers.ValueKind == JsonValueKind.Array
                                    ? peers.GetArrayLength()
                                    : 0
                            ),
                    };
                }
            }
            catch (Exception broken) when (broken is JsonException or InvalidOperationException)
            {
                return null;
            }
        }

        return tables.Count == 0 ? null : JsonSerializer.Serialize(tables);
    }

    /// <summary>The answer without what changes with each second; null if it is no JSON.</summary>
    private static string? Digest(string answer)
    {
        try
        {
            using var json = JsonDocument.Parse(answer);
            return string.Join('\n', Values(json.RootElement, ""));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static IEnumerable<string> Values(JsonElement element, string path) =>
        element.ValueKind == JsonValueKind.Object
            ? element
                .EnumerateObject()
                .Where(static member => !Changing.Contains(member.Name))
                .SelectMany(member => Values(member.Value, $"{path}/{member.Name}"))
            : [$"{path} {element.GetRawText()}"];

    private ulong UnixNano() => (ulong)(clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    // kubo/0.43.1/abcdef
    private static string? VersionOf(string? agent) => agent?.Split('/') is [_, { Length: > 0 } version, ..] ? version : null;
}
