using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using DhtTracer.Analysis.Statistics;
using DhtTracer.Analysis.Statistics.Comparing;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Web.Api;
using DhtTracer.Web.Search;
using DhtTracer.Web.Text;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer explain</c>: what the slowest tenth of a set of operations shares, or one set against another.</summary>
internal static class ExplainCommand
{
    private const int MostLines = 12;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var set = new Option<string>("--set")
        {
            Description = "The operations, as a filter such as 'type:get-providers since:24h'; the page /filters lists all conditions.",
            HelpName = "FILTER",
            Required = true,
        };
        var against = new Option<string?>("--against")
        {
            Description = "Explain how the set differs from these. Without it, how the slowest tenth of the set differs from the rest.",
            HelpName = "FILTER",
        };
        var json = CommonOptions.Json();
        var command = new Command("explain", "What slow operations share: where their time goes, and what they met more often than others.")
        {
            set,
            against,
            json,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var (a, b) = await SetsAsync(store, result.GetValue(set)!, result.GetValue(against), cancellation);
                        using var comparison = await SetComparison.ReadAsync(store, a, b, cancellation);
                        if (comparison.A.Count == 0 || comparison.B.Count == 0)
                        {
                            throw new CommandFailedException(
                                $"Nothing to compare: {comparison.B.Count} operations in the set and {comparison.A.Count} to compare it with. "
                                    + "Widen the filter."
                            );
                        }

                        var output = result.InvocationConfiguration.Output;
                        if (result.GetValue(json))
                        {
                            await output.WriteLineAsync(JsonSerializer.Serialize(CompareAnswer.Of(comparison), ApiJson.Options));
                        }
                        else
                        {
                            await output.WriteLineAsync(await TextAsync(store, a, b, comparison, cancellation));
                        }

                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static async Task<(ComparedSet A, ComparedSet B)> SetsAsync(
        TraceStore store,
        string set,
        string? against,
        CancellationToken cancellation
    )
    {
        var whole = await AddressAsync(store, "--set", set, cancellation);
        if (against is not null)
        {
            return (ComparedSet.Of("a", await AddressAsync(store, "--against", against, cancellation)), ComparedSet.Of("b", whole));
        }

        using var operations = await store.ReadOperationsAsync(whole.Filter, cancellation);
        return SlowestTenth.Of(whole, OverviewFacts.Of(operations).Duration)
            ?? throw new CommandFailedException($"The set has no slowest tenth: {operations.Count} operations. Widen the filter.");
    }

    private static async Task<QueryListAddress> AddressAsync(
        TraceStore store,
        string option,
        string filter,
        CancellationToken cancellation
    )
    {
        var address = QueryListAddress.Parse(
            new Dictionary<string, string>(StringComparer.Ordinal) { ["q"] = filter },
            TimeProvider.System.GetUtcNow()
        );
        address = await address.ResolveAsync(store, cancellation);
        return address.Problems.Count == 0
            ? address
            : throw new CommandFailedException($"{option}: {string.Join(' ', address.Problems)}", ExitCode.Usage);
    }

    private static async Task<string> TextAsync(
        TraceStore store,
        ComparedSet a,
        ComparedSet b,
        SetComparison comparison,
        CancellationToken cancellation
    )
    {
        var text = new StringBuilder();
        var invariant = CultureInfo.InvariantCulture;
        text.Append(invariant, $"A  {comparison.A.Count:N0} operations: {PlainText.Safe(a.Describe())}\n");
        text.Append(invariant, $"B  {comparison.B.Count:N0} operations: {PlainText.Safe(b.Describe())}\n");
        var (slow, other) = comparison.Result.SlowIsB ? ("B", "A") : ("A", "B");

        text.Append("\nWHERE THE TIME GOES (mean of an operation)  A          B          B - A      INTERVAL\n");
        foreach (var lost in comparison.Reasons.Phases.Concat(comparison.Reasons.ErrorClasses).Take(MostLines))
        {
            var between = lost.Interval is { } interval ? $"{Time(interval.Low)} to {Time(interval.High)}" : "too few";
            text.Append(invariant, $"{Cut(Wording.OfName(lost.Name)), -43} {Time(lost.A), -10} {Time(lost.B), -10} ");
            text.Append(invariant, $"{Time(lost.Difference), -10} {between}{(lost.Significant ? "  *" : "")}\n");
        }

        var shared = comparison.Attributes.Where(static attribute => attribute.Significant).Take(MostLines).ToList();
        text.Append(invariant, $"\n{$"MORE OFTEN IN {slow} THAN BY CHANCE", -43} {"OF " + slow, -10} {"OF " + other, -10} P\n");
        foreach (var attribute in shared)
        {
            text.Append(invariant, $"{Cut(SharedAttributeText.Of(attribute)), -43} ");
            text.Append(invariant, $"{Share(attribute.InSlow, attribute.OfSlow), -10} {Share(attribute.InOther, attribute.OfOther), -10} ");
            text.Append(invariant, $"{P(attribute.Adjusted)}\n");
        }

        var (ofSlow, ofOther) = comparison.Result.SlowIsB ? (comparison.B, comparison.A) : (comparison.A, comparison.B);
        var peers = comparison.Peers.Where(static peer => peer.Significant).Take(MostLines).ToList();
        foreach (var peer in peers)
        {
            text.Append(invariant, $"{Cut("peer " + peer.Name), -43} ");
            text.Append(invariant, $"{Share(peer.InSlow, ofSlow.Count), -10} {Share(peer.InOther, ofOther.Count), -10} {P(peer.Adjusted)}\n");
        }

        if (shared.Count + peers.Count == 0)
        {
            text.Append(invariant, $"nothing, of {comparison.Attributes.Length + comparison.Peers.Length:N0} attributes and peers tested\n");
        }

        var slowest = await store.ListOperationFactsAsync(NotableOperations.Slowest(ofSlow, 3), cancellation);
        text.Append("\nEXAMPLES, the slowest: dht-tracer show ID\n");
        foreach (var operation in slowest)
        {
            text.Append(invariant, $"{operation.Id}  {DurationText.Of(operation.DurationNs)}\n");
        }

        return text.ToString().TrimEnd();

        static string Time(double nanoseconds) => DurationText.Of((long)Math.Round(nanoseconds)) ?? "-";
        static string Cut(string value) => PlainText.Safe(value) is var plain && plain.Length > 42 ? plain[..41] + "…" : plain;
        static string Share(int part, int whole) => whole == 0 ? "-" : Shares.Percent((double)part / whole);
        static string P(double value) => value < 0.001 ? "< 0.001" : value.ToString("0.000", CultureInfo.InvariantCulture);
    }
}
