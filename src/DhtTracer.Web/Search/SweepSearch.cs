using DhtTracer.Analysis.Keys;
using DhtTracer.Storage;
using DhtTracer.Storage.Filters;
using DhtTracer.Storage.Sweeps;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Search;

/// <summary>Whose sweep, when, and which key: the state of the page of a sweep, read by the page and the API alike.</summary>
internal sealed class SweepSearch
{
    private SweepSearch(SweepQuestion question, string? keyText, byte[]? key, IReadOnlyList<string> problems) =>
        (Question, KeyText, Key, Problems) = (question, keyText, key, problems);

    /// <summary>What is asked of the archive.</summary>
    public SweepQuestion Question { get; }

    /// <summary>The key as it was written; null for none.</summary>
    public string? KeyText { get; }

    /// <summary>The key's multihash; null for none.</summary>
    public byte[]? Key { get; }

    /// <summary>What is not valid, each a sentence.</summary>
    public IReadOnlyList<string> Problems { get; }

    /// <summary>Reads an address.</summary>
    public static SweepSearch Parse(IQueryCollection query)
    {
        var problems = new List<string>();
        string? Text(string name) => query[name].ToString().Trim() is { Length: > 0 } text ? text : null;
        ulong? Time(string name)
        {
            if (Text(name) is not { } text)
            {
                return null;
            }

            if (TimeInput.TryParse(text, out var time))
            {
                return time;
            }

            problems.Add($"\"{Short(text)}\" ({name}) is no time. Write 2026-11-22 or 2026-11-22T08:44:14.451, in UTC.");
            return null;
        }

        long? interval = null;
        if (Text("interval") is { } length)
        {
            if (DurationInput.TryParse(length, out var nanoseconds) && nanoseconds > 0)
            {
                interval = nanoseconds;
            }
            else
            {
                problems.Add($"\"{Short(length)}\" (interval) is no duration. Write 22h, 6m or 90s.");
            }
        }

        byte[]? key = null;
        var keyText = Text("key");
        if (keyText is not null)
        {
            // A key of the sweep is a multihash: of all readings of the text, the one that a provider record has.
            if (KeySearch.Parse(keyText).Candidates is [var first, ..])
            {
                key = Convert.FromHexString(first.Bytes);
            }
            else
            {
                problems.Add($"\"{Short(keyText)}\" (key) is no CID and no multihash.");
            }
        }

        return new SweepSearch(
            new SweepQuestion
            {
                Node = Text("node"),
                FromUnixNano = Time("from"),
                ToUnixNano = Time("to"),
                IntervalNs = interval,
            },
            keyText,
            key,
            problems
        );
    }

    /// <summary>Reads the report.</summary>
    public Task<SweepAnswer> ReadAsync(TraceStore store, CancellationToken cancellationToken) =>
        SweepReader.ReadAsync(store, Question, cancellationToken);

    private static string Short(string text) => text.Length > 60 ? text[..60] + "…" : text;
}
