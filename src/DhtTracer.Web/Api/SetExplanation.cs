using System.Globalization;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Storage;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;

namespace DhtTracer.Web.Api;

/// <summary>
/// What the slowest share of a set of operations shares, or how a set differs from another; for a terminal and for scripts.
/// </summary>
public static class SetExplanation
{
    private const int MostLines = 12;

    /// <summary>Compares the sets.</summary>
    /// <param name="store">The archive.</param>
    /// <param name="set">The set, as a filter text (docs/filters.md).</param>
    /// <param name="against">What it is compared with; null for its slowest share against the rest.</param>
    /// <param name="percent">The slowest share, 1 to 50; null for 10.</param>
    /// <param name="json">Whether the answer is that of <c>/api/v1/compare</c>; else it is text in columns.</param>
    /// <param name="now">From when <c>since:</c> counts back.</param>
    /// <param name="cancellationToken">Stops reading.</param>
    public static async Task<SetExplanationAnswer> ReadAsync(
        TraceStore store,
        string set,
        string? against,
        int? percent,
        bool json,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        ArgumentNullException.ThrowIfNull(store);
        var whole = await AddressAsync(store, set, now, cancellationToken);
        var other = against is null ? null : await AddressAsync(store, against, now, cancellationToken);
        if (whole.Problems.Count > 0 || other is { Problems.Count: > 0 })
        {
            var (option, problems) = whole.Problems.Count > 0 ? ("--set", whole.Problems) : ("--against", other!.Problems);
            return new SetExplanationAnswer("", $"{option}: {string.Join(' ', problems)}", IsFilterWrong: true);
        }

        (ComparedSet A, ComparedSet B) sets;
        if (other is not null)
        {
            sets = (ComparedSet.Of("a", other), ComparedSet.Of("b", whole));
        }
        else
        {
            using var operations = await store.ReadOperationsAsync(whole.Filter, cancellationToken);
            var share = percent ?? SlowestShare.Usual;
            if (SlowestShare.Of(whole, operations, share) is not var (others, slow))
            {
                return new SetExplanationAnswer(
                    "",
                    $"There is no slowest {share} %: {operations.Count} operations. Widen the filter.",
                    false
                );
            }

            sets = (others, slow);
        }

        using var comparison = await SetComparison.ReadAsync(store, sets.A, sets.B, cancellationToken);
        if (comparison.A.Count == 0 || comparison.B.Count == 0)
        {
            return new SetExplanationAnswer(
                "",
                $"Nothing to compare: {comparison.B.Count} operations in the set, {comparison.A.Count} to compare with. Widen the filter.",
                false
            );
        }

        return new SetExplanationAnswer(
            json ? JsonSerializer.Serialize(CompareAnswer.Of(comparison), ApiJson.Options) : Text(sets.A, sets.B, comparison),
            null,
            false
        );
    }

    /// <summary>Reads a share such as <c>10%</c>; null when it is none from 1 to 50.</summary>
    public static int? Percent(string text) => SlowestShare.Parse(text);

    private static Task<QueryListAddress> AddressAsync(
        TraceStore store,
        string filter,
        DateTimeOffset now,
        CancellationToken cancellationToken
    ) => QueryListAddress.OfText(filter, now).ResolveAsync(store, cancellationToken);

    private static string Text(ComparedSet a, ComparedSet b, SetComparison comparison)
    {
        var text = new StringBuilder();
        var invariant = CultureInfo.InvariantCulture;
        text.Append(invariant, $"A  {comparison.A.Count:N0} operations: {Plain(a.Describe())}\n");
        text.Append(invariant, $"B  {comparison.B.Count:N0} operations: {Plain(b.Describe())}\n");
        var (slow, other) = comparison.Result.SlowIsB ? ("B", "A") : ("A", "B");

        var phases = comparison.Reasons.Phases.Select(static lost => (PhaseWords.OfName(lost.Name), lost));
        var errors = comparison.Reasons.ErrorClasses.Select(static lost => (Wording.OfName(lost.Name), lost));
        text.Append("\nWHERE THE TIME GOES (mean of an operation)  A          B          B - A      INTERVAL\n");
        foreach (var (name, lost) in phases.Concat(errors).Take(MostLines))
        {
            var between = lost.Interval is { } interval ? $"{Time(interval.Low)} to {Time(interval.High)}" : "too few";
            text.Append(invariant, $"{Cut(name), -43} {Time(lost.A), -10} {Time(lost.B), -10} ");
            text.Append(invariant, $"{Time(lost.Difference), -10} {between}{(lost.Significant ? "  *" : "")}\n");
        }

        var shared = comparison.Attributes.Where(static attribute => attribute.Significant).Take(MostLines).ToList();
        text.Append(invariant, $"\n{$"MORE OFTEN IN {slow} THAN BY CHANCE", -43} {"OF " + slow, -10} {"OF " + other, -10} P\n");
        foreach (var attribute in shared)
        {
            text.Append(invariant, $"{Cut(SharedAttributeText.Of(attribute)), -43} ");
            text.Append(invariant, $"{Share(attribute.InSlow, attribute.OfSlow), -10} {Share(attribute.InOther, attribute.OfOther), -10} ");
            text.Append(invariant, $"{PValueText.Of(attribute.Adjusted)}\n");
        }

        var (ofSlow, ofOther) = comparison.Result.SlowIsB ? (comparison.B, comparison.A) : (comparison.A, comparison.B);
        var peers = comparison.Peers.Where(static peer => peer.Significant).Take(MostLines).ToList();
        foreach (var peer in peers)
        {
            text.Append(invariant, $"{"peer " + IdText.Short(peer.Name), -43} ");
            text.Append(
                invariant,
                $"{Share(peer.InSlow, ofSlow.Count), -10} {Share(peer.InOther, ofOther.Count), -10} {PValueText.Of(peer.Adjusted)}\n"
            );
        }

        if (shared.Count + peers.Count == 0)
        {
            text.Append(
                invariant,
                $"nothing, of {comparison.Attributes.Length + comparison.Peers.Length:N0} attributes and peers tested\n"
            );
        }

        text.Append(invariant, $"\nEXAMPLES of {slow}: dht-tracer show ID\n");
        foreach (var exemplar in comparison.Exemplars)
        {
            text.Append(invariant, $"{exemplar.Operation.Id}  {DurationText.Of(exemplar.Operation.DurationNs), -9} ");
            text.Append(invariant, $"{Plain(ExemplarText.Of(exemplar))}\n");
        }

        return text.ToString().TrimEnd();

        static string Time(double nanoseconds) => DurationText.Of((long)Math.Round(nanoseconds)) ?? "-";
        static string Cut(string value) => Plain(value) is var plain && plain.Length > 42 ? plain[..41] + "…" : plain;
        static string Share(int part, int whole) => whole == 0 ? "-" : Shares.Percent((double)part / whole);
    }

    // Names come from spans: nothing in them may move the cursor or begin a line.
    private static string Plain(string text) => string.Concat(text.Select(static c => char.IsControl(c) ? '\uFFFD' : c));
}

/// <summary>An answer of <see cref="SetExplanation"/>.</summary>
/// <param name="Text">The answer; empty when there is a problem.</param>
/// <param name="Problem">Why there is none, with the remedy; else null.</param>
/// <param name="IsFilterWrong">The problem is that a filter was not understood.</param>
public sealed record SetExplanationAnswer(string Text, string? Problem, bool IsFilterWrong);
