using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using DhtTracer.Traces.KuboLogs;

namespace DhtTracer.Analysis.Sweeps;

/// <summary>
/// What the lines of <c>dht/provider</c> say: which prefixes were provided, when, how many keys, and what failed. Lines are read in the
/// order
/// in which they were written; several workers write at once. The texts are those of go-libp2p-kad-dht 0.42.
/// Over 300 lines, because each form of a line has its expression beside it.
/// </summary>
internal sealed partial class SweepLog
{
    /// <summary>A regular expression that takes longer than this is given up; the texts are a stranger's.</summary>
    private const int MatchMs = 100;

    /// <summary>Longest time between the line about a send and the line that names its region, in nanoseconds.</summary>
    private const ulong LongestPairNs = 5_000_000_000;

    private readonly List<LoggedBatch> _batches = [];
    private readonly List<SweepSend> _sends = [];
    private readonly List<SweepLogEntry> _warnings = [];

    /// <summary>Sends whose region a later line names.</summary>
    private readonly List<SentToPeers> _unnamed = [];

    /// <summary>Reads lines.</summary>
    public SweepLog(IEnumerable<SweepLogEntry> lines)
    {
        foreach (var line in lines.OrderBy(static line => line.StartUnixNano))
        {
            if (line.Logger == KuboLogNames.Provider)
            {
                Read(line);
            }
        }
    }

    /// <summary>Prefixes that were provided or reprovided, by start.</summary>
    public IReadOnlyList<LoggedBatch> Batches => _batches;

    /// <summary>Regions whose records were sent, or could not be, by time.</summary>
    public IReadOnlyList<SweepSend> Sends => _sends;

    /// <summary>Warnings and errors, by time.</summary>
    public IReadOnlyList<SweepLogEntry> Warnings => _warnings;

    /// <summary>
    /// Parses a duration as Go writes it, such as <c>1.147628467s</c>, <c>802.167µs</c> or <c>2m3.5s</c>, to nanoseconds.
    /// </summary>
    public static long? Duration(string text)
    {
        double total = 0;
        var at = 0;
        while (at < text.Length)
        {
            var end = at;
            while (end < text.Length && (char.IsAsciiDigit(text[end]) || text[end] == '.'))
            {
                end++;
            }

            var unit = end;
            while (unit < text.Length && !char.IsAsciiDigit(text[unit]) && text[unit] != '.')
            {
                unit++;
            }

            double? factor = text[end..unit] switch
            {
                "h" => 3.6e12,
                "m" => 6e10,
                "s" => 1e9,
                "ms" => 1e6,
                "µs" or "us" or "μs" => 1e3,
                "ns" => 1,
                _ => null,
            };
            if (
                factor is not { } times
                || !double.TryParse(text.AsSpan(at, end - at), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number)
            )
            {
                return null;
            }

            total += number * times;
            at = unit;
        }

        return text.Length == 0 || total > long.MaxValue / 4 ? null : (long)Math.Round(total);
    }

    private void Read(SweepLogEntry line)
    {
        if (line.Level is not ("debug" or "info"))
        {
            _warnings.Add(line);
        }

        if (Starting().Match(line.Message) is { Success: true } starting)
        {
            _batches.Add(
                new LoggedBatch
                {
                    IsReprovide = starting.Groups["re"].Success,
                    Prefix = Prefix(starting),
                    StartUnixNano = line.StartUnixNano,
                    Keys = Number(starting, "keys"),
                }
            );
        }
        else if (Finished().Match(line.Message) is { Success: true } finished)
        {
            Finish(line, finished);
        }
        else if (SentTo().Match(line.Message) is { Success: true } sent)
        {
            _unnamed.Add(
                new SentToPeers(
                    line.StartUnixNano,
                    Duration(sent.Groups["took"].Value),
                    Number(sent, "errors") ?? 0,
                    Number(sent, "peers") ?? 0
                )
            );
        }
        else if (line.Message is "sent provider records" or "sent provider record")
        {
            Sent(line);
        }
        else if (CannotSend().Match(line.Message) is { Success: true } cannot)
        {
            CouldNotSend(line, cannot);
        }
        else if (FailedAny().Match(line.Message) is { Success: true } none)
        {
            Fail(none.Groups["re"].Success, Prefix(none), line);
        }
        else if (line.Level == "warn" && FailedBatch().Match(line.Message) is { Success: true } failed)
        {
            Fail(failed.Groups["re"].Success, Prefix(failed), line);
        }
    }

    private void Finish(SweepLogEntry line, Match finished)
    {
        var (isReprovide, prefix) = (finished.Groups["re"].Success, Prefix(finished));
        var took = Duration(finished.Groups["took"].Value);
        var started = took is { } ns && (ulong)ns <= line.StartUnixNano ? line.StartUnixNano - (ulong)ns : line.StartUnixNano;

        // Several workers may provide the same prefix: the duration tells which of them has finished.
        var open = _batches
            .Where(batch => batch.EndUnixNano is null && batch.IsReprovide == isReprovide && batch.Prefix == prefix)
            .MinBy(batch => Distance(batch.StartUnixNano, started));
        if (open is null)
        {
            // The log begins in the middle.
            open = new LoggedBatch
            {
                IsReprovide = isReprovide,
                Prefix = prefix,
                StartUnixNano = started,
            };
            _batches.Add(open);
            _batches.Sort(static (left, right) => left.StartUnixNano.CompareTo(right.StartUnixNano));
        }

        open.EndUnixNano = line.StartUnixNano;
        open.DurationNs = took;
        open.Keys = Number(finished, "keys") ?? open.Keys;
    }

    private void Sent(SweepLogEntry line)
    {
        var (prefix, count) = Region(line.Fields);
        if (prefix is not { } region)
        {
            return;
        }

        _unnamed.RemoveAll(old => old.UnixNano + LongestPairNs < line.StartUnixNano);
        SentToPeers? sent = _unnamed.Count == 0 ? null : _unnamed[0];
        if (sent is not null)
        {
            _unnamed.RemoveAt(0);
        }

        _sends.Add(
            new SweepSend(line.StartUnixNano, region, count, sent?.Peers, sent?.Errors, sent?.DurationNs, null)
            {
                IsAlone = line.Message == "sent provider record",
            }
        );
    }

    private void CouldNotSend(SweepLogEntry line, Match cannot)
    {
        var (reached, peers) = (Number(cannot, "reached"), Number(cannot, "peers"));
        var at = _unnamed.FindIndex(sent => sent.Peers == peers && sent.Peers - sent.Errors == reached);
        var took = at < 0 ? null : _unnamed[at].DurationNs;
        if (at >= 0)
        {
            _unnamed.RemoveAt(at);
        }

        _sends.Add(new SweepSend(line.StartUnixNano, Prefix(cannot), null, peers, peers - reached, took, cannot.Groups["why"].Value));
    }

    private void Fail(bool isReprovide, KeyPrefix prefix, SweepLogEntry line)
    {
        var batch = _batches.LastOrDefault(batch =>
            batch.IsReprovide == isReprovide
            && batch.Prefix.Overlaps(prefix)
            && (batch.EndUnixNano is not { } end || end >= line.StartUnixNano)
        );
        batch?.Failure = line.Message;
    }

    private static (KeyPrefix? Prefix, int? Count) Region(string fields)
    {
        try
        {
            using var document = JsonDocument.Parse(fields.Length == 0 ? "{}" : fields);
            return (
                document.RootElement.TryGetProperty("prefix", out var prefix) && prefix.ValueKind == JsonValueKind.String
                    ? KeyPrefix.Parse(prefix.GetString())
                    : null,
                document.RootElement.TryGetProperty("count", out var count) && count.TryGetInt32(out var number) ? number : null
            );
        }
        catch (Exception broken) when (broken is JsonException or InvalidOperationException)
        {
            return (null, null);
        }
    }

    private static ulong Distance(ulong left, ulong right) => left > right ? left - right : right - left;

    private static KeyPrefix Prefix(Match match) => KeyPrefix.Parse(match.Groups["prefix"].Value) ?? KeyPrefix.Everything;

    private static int? Number(Match match, string group) =>
        int.TryParse(match.Groups[group].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var value) ? value : null;

    [GeneratedRegex(
        """^(?<re>re)?provide starting for prefix "(?<prefix>[01]{0,64})"(, (?<keys>\d{1,9}) keys)?$""",
        RegexOptions.ExplicitCapture,
        MatchMs
    )]
    private static partial Regex Starting();

    [GeneratedRegex(
        """^(?<re>re)?provide finished for prefix "(?<prefix>[01]{0,64})"(, (?<keys>\d{1,9}) keys)? in (?<took>\S{1,40})$""",
        RegexOptions.ExplicitCapture,
        MatchMs
    )]
    private static partial Regex Finished();

    [GeneratedRegex(
        @"^sent provider records to peers in (?<took>\S{1,40}), errors (?<errors>\d{1,9})/(?<peers>\d{1,9})$",
        RegexOptions.ExplicitCapture,
        MatchMs
    )]
    private static partial Regex SentTo();

    [GeneratedRegex(
        @"^cannot send provider records for region (?<prefix>[01]{0,64}): (?<why>.*?(\((?<reached>\d{1,9})/(?<peers>\d{1,9})\))?)$",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        MatchMs
    )]
    private static partial Regex CannotSend();

    [GeneratedRegex(@"^failed to (?<re>re)?provide any region for prefix (?<prefix>[01]{0,64})$", RegexOptions.ExplicitCapture, MatchMs)]
    private static partial Regex FailedAny();

    [GeneratedRegex(
        @"^(individual )?(?<re>re)?provide (failed for prefix )?'(?<prefix>[01]{0,64})'[:,] ",
        RegexOptions.ExplicitCapture | RegexOptions.Singleline,
        MatchMs
    )]
    private static partial Regex FailedBatch();

    private sealed record SentToPeers(ulong UnixNano, long? DurationNs, int Errors, int Peers);
}

/// <summary>A prefix that was provided or reprovided, as the log tells.</summary>
internal sealed class LoggedBatch
{
    /// <summary>Whether it was a reprovide.</summary>
    public required bool IsReprovide { get; init; }

    /// <summary>The prefix.</summary>
    public required KeyPrefix Prefix { get; init; }

    /// <summary>Start, in nanoseconds since 1970-01-01 UTC.</summary>
    public required ulong StartUnixNano { get; init; }

    /// <summary>End; null while it runs.</summary>
    public ulong? EndUnixNano { get; set; }

    /// <summary>Duration in nanoseconds; null while it runs.</summary>
    public long? DurationNs { get; set; }

    /// <summary>Number of keys; null when unknown.</summary>
    public int? Keys { get; set; }

    /// <summary>Why it failed; null if it did not.</summary>
    public string? Failure { get; set; }
}
