using System.Globalization;
using DhtTracer.Analysis.Keys;
using DhtTracer.Analysis.Lint;
using DhtTracer.Storage.Queries;

namespace DhtTracer.Storage.Filters;

/// <summary>
/// Makes what a store is asked for out of terms: those of a text and those of fields alike. A term that is not understood is an error, and
/// is left out of the filter.
/// </summary>
public sealed class FilterTranslation
{
    private const int MostDays = 3650;

    private readonly List<FilterError> _errors = [];
    private readonly List<FilterTerm> _ends = [];
    private readonly List<QueryFilter> _except = [];
    private readonly IReadOnlyDictionary<string, string> _peers;
    private readonly DateTimeOffset _now;

    private FilterTranslation(IReadOnlyList<FilterTerm> terms, DateTimeOffset now, IReadOnlyDictionary<string, string> peers)
    {
        (_now, _peers) = (now, peers);
        var seen = new Dictionary<string, FilterTerm>(StringComparer.Ordinal);
        var filter = new QueryFilter();
        foreach (var term in terms)
        {
            if (term.IsNegated)
            {
                var empty = new QueryFilter { Background = null };
                if (With(empty, term) is { } condition && condition != empty)
                {
                    _except.Add(condition);
                }
            }
            else if (Allow(seen, term))
            {
                filter = With(filter, term);
            }
        }

        Filter = filter with { Except = _except.Count == 0 ? [] : [.. _except] };
    }

    /// <summary>What the store is asked for.</summary>
    public QueryFilter Filter { get; }

    /// <summary>What was not understood.</summary>
    public IReadOnlyList<FilterError> Errors => _errors;

    /// <summary>
    /// Terms that name a peer by the end of its id. Until a store has found the peer, the filter holds the end itself, which no peer has as
    /// its id.
    /// </summary>
    public IReadOnlyList<FilterTerm> PeerEnds => _ends;

    /// <summary>Translates terms.</summary>
    /// <param name="terms">The terms; all must hold.</param>
    /// <param name="now">The present, for <c>since</c>.</param>
    /// <param name="peers">Peer ids by the end that names them, as far as they were found; null for none.</param>
    public static FilterTranslation Of(
        IReadOnlyList<FilterTerm> terms,
        DateTimeOffset now,
        IReadOnlyDictionary<string, string>? peers = null
    ) => new(terms, now, peers ?? new Dictionary<string, string>());

    // A condition can stand once; rules can stand together. since and from both say where to begin.
    private bool Allow(Dictionary<string, FilterTerm> seen, FilterTerm term)
    {
        var slot = term.Name == "since" ? "from" : term.Name;
        if (term.Name == "lint" || seen.TryAdd(slot, term))
        {
            return true;
        }

        var other = seen[slot];
        if (other.Name != term.Name || other.Value != term.Value)
        {
            _errors.Add(
                new FilterError(
                    FilterErrorKind.Twice,
                    term.At + 1,
                    $"{other.WrittenName}:{other.Value} and {term.WrittenName}:{term.Value} exclude each other; keep one of them."
                )
            );
        }

        return false;
    }

    private QueryFilter With(QueryFilter filter, FilterTerm term) =>
        term.Name switch
        {
            "key" => filter with { Key = KeyFilter.Parse(term.Value) },
            "peer" => filter with { Peer = Peer(term, canBeEnd: true) },
            "node" => filter with { Node = Peer(term, canBeEnd: false) },
            "type" => filter with { Type = Choice<QueryType>(term) },
            "outcome" => filter with { Outcome = Choice<QueryOutcome>(term) },
            "source" => filter with { Source = Choice<TraceSource>(term) },
            "error" => filter with { ErrorClass = Class(term) },
            "peererror" => filter with { PeerErrorClass = Class(term) },
            "agent" => filter with { Agent = term.Value },
            "service" => filter with { Service = term.Value },
            "slower" => filter with { MinDurationNs = Duration(term) },
            "faster" => filter with { MaxDurationNs = Duration(term) },
            "minhops" => filter with { MinHops = Number(term) },
            "maxhops" => filter with { MaxHops = Number(term) },
            "alpha" => filter with { Alpha = Number(term) },
            "since" => filter with { FromUnixNano = Since(term) },
            "from" => filter with { FromUnixNano = Time(term) },
            "to" => filter with { ToUnixNano = Time(term) },
            "hour" => filter with { HourOfDay = Hour(term) },
            "lint" => filter with { LintMask = Rule(term) is { } rule ? rule | filter.LintMask.GetValueOrDefault() : filter.LintMask },
            "background" => filter with { Background = Shown(term, false) },
            "skipped" => filter with { Skipped = Shown(term, null) },
            _ => throw new ArgumentOutOfRangeException(nameof(term), term.Name, "No such condition."),
        };

    private T? Choice<T>(FilterTerm term)
        where T : struct, Enum
    {
        if (Words.TryParse<T>(term.Value, out var value))
        {
            return value;
        }

        Wrong(term, "is not one of " + string.Join(", ", Enum.GetValues<T>().Select(Words.Of)));
        return null;
    }

    private string? Class(FilterTerm term)
    {
        if (ErrorClass.All.Contains(term.Value))
        {
            return term.Value;
        }

        Wrong(term, "is no error class; it is one of " + string.Join(", ", ErrorClass.All));
        return null;
    }

    private string? Peer(FilterTerm term, bool canBeEnd)
    {
        if (Pseudonym.PeerName(term.Value) is { } peer)
        {
            return peer;
        }

        if (!canBeEnd || KeySearch.Parse(term.Value).Tail is not { } end)
        {
            Wrong(
                term,
                "is no peer id; write it in base58 (12D3KooW…, Qm…) or as a CID (k51…, bafz…)"
                    + (canBeEnd ? $", or at least its last {KeySearch.ShortestTail} characters" : "")
            );
            return null;
        }

        _ends.Add(term);
        return _peers.GetValueOrDefault(end, end);
    }

    private long? Duration(FilterTerm term)
    {
        if (DurationInput.TryParse(term.Value, out var duration))
        {
            return duration;
        }

        Wrong(term, "is not a duration; write 250ms, 1.5s or 2m");
        return null;
    }

    private ulong? Since(FilterTerm term)
    {
        if (DurationInput.TryParse(term.Value, out var duration))
        {
            return Back(TimeSpan.FromTicks(duration / TimeSpan.NanosecondsPerTick));
        }

        if (
            term.Value.EndsWith('d')
            && int.TryParse(term.Value[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var days)
            && days <= MostDays
        )
        {
            return Back(TimeSpan.FromDays(days));
        }

        Wrong(term, "is not a duration; write 30m, 24h or 7d");
        return null;
    }

    // To the second, so that the address of a page can name the same beginning.
    private ulong Back(TimeSpan span)
    {
        var from = _now - span;
        return from <= DateTimeOffset.UnixEpoch
            ? 0
            : (ulong)((from - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerSecond) * 1_000_000_000;
    }

    private ulong? Time(FilterTerm term)
    {
        if (TimeInput.TryParse(term.Value, out var time))
        {
            return time;
        }

        Wrong(term, "is not a time; write 2026-11-22 or 2026-11-22T08:44, in UTC");
        return null;
    }

    private int? Number(FilterTerm term)
    {
        if (int.TryParse(term.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Wrong(term, "is no whole number");
        return null;
    }

    private int? Hour(FilterTerm term)
    {
        if (int.TryParse(term.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var hour) && hour < 24)
        {
            return hour;
        }

        Wrong(term, "is no hour of the day (UTC); write 0 to 23");
        return null;
    }

    private long? Rule(FilterTerm term)
    {
        if (LintRules.Find(term.Value) is { } rule)
        {
            return QueryLint.MaskOf([rule.Id]);
        }

        Wrong(term, $"is no rule; it is one of {LintRules.All[0].Id} to {LintRules.All[^1].Id}");
        return null;
    }

    private bool? Shown(FilterTerm term, bool? otherwise)
    {
        switch (term.Value)
        {
            case "hidden":
                return false;
            case "only":
                return true;
            case "shown":
                return null;
            default:
                Wrong(term, "is not one of hidden, shown, only");
                return otherwise;
        }
    }

    private void Wrong(FilterTerm term, string what) =>
        _errors.Add(
            new FilterError(
                FilterErrorKind.WrongValue,
                term.At is { } at ? at + (term.IsNegated ? 1 : 0) + 1 : null,
                $"\"{term.Value}\" ({term.WrittenName}) {what}."
            )
        );
}
