using DhtTracer.Analysis.Model;
using DhtTracer.Analysis.Waterfalls;
using DhtTracer.Output;
using DhtTracer.Storage.Operations;

namespace DhtTracer.Cli;

/// <summary>Writes an operation as text: its header, then each of its queries.</summary>
internal sealed class OperationTextWriter(TextWriter output, Terminal terminal)
{
    /// <summary>Writes an operation.</summary>
    /// <param name="details">The operation.</param>
    /// <param name="writeQuery">Writes the waterfall of a query.</param>
    public void Write(OperationDetails details, Action<Query> writeQuery)
    {
        var operation = details.Operation;
        var type = Words.Of(operation.Type);
        var key =
            operation.Key is { } known ? PlainText.Safe(known.Text)
            : operation.KeyCount > 1 ? $"({operation.KeyCount} keys)"
            : "(key unknown)";
        output.WriteLine(
            $"{terminal.Style("operation " + type, TextStyle.Bold)} "
                + $"{PlainText.Middle(key, Math.Max(20, terminal.Width - type.Length - 11))}"
        );
        Line(
            $"{UtcText.Of(operation.StartUnixNano)} · {Words.Of(operation.Source)} · service {Or(operation.Service)} · node "
                + $"{Or(operation.Node)}"
        );
        var error = operation.Error is { } failure
            ? $" ({failure.Class}{(failure.Text is { } text ? ": " + PlainText.Safe(text) : "")})"
            : "";
        Line(
            $"{Words.Of(operation.Outcome)}{error} · {DurationText.Of(operation.DurationNs)} · results "
                + $"{HeaderText.Number(operation.Results)} · discovery {DurationText.Of(operation.DiscoveryNs)}"
        );
        if (!operation.Context.IsEmpty)
        {
            Line("under " + string.Join(" > ", operation.Context.Select(static above => PlainText.Safe(above.Detail ?? above.Name))));
        }

        if (!operation.Parts.IsEmpty)
        {
            Line($"{operation.Parts.Length} requests in other traces belong to it");
        }

        foreach (var note in QueryNotes.OfOperation(operation))
        {
            Line(note);
        }

        foreach (var other in details.Others)
        {
            Line($"of the same command: {Words.Of(other.Type)} {other.Id}");
        }

        if (operation.Fates is { } fates)
        {
            WriteFates(fates);
        }

        foreach (var query in details.Queries)
        {
            output.WriteLine();
            var name = query.Side is { } side ? Words.Of(side).ToUpperInvariant() : "query";
            var decisive = query.Id == operation.Decisive ? ", decisive" : "";
            output.WriteLine(terminal.Style($"{name} {query.Id}{(query.Skipped ? ": no peers" : decisive)}", TextStyle.Bold));
            if (!query.Skipped)
            {
                writeQuery(query);
            }
        }
    }

    private void WriteFates(ProviderFates fates)
    {
        output.WriteLine();
        output.WriteLine(terminal.Style("providers", TextStyle.Bold));
        Line(ProviderText.Of(fates));
        foreach (var provider in fates.Providers)
        {
            var addresses = provider.Addresses.Length == 1 ? "1 address" : $"{provider.Addresses.Length} addresses";
            var text = provider.ErrorText is { } error ? ": " + error.Split('\n')[^1].Trim(' ', '*') : "";
            Line(
                PlainText.Safe(
                    $"  {PlainText.Middle(provider.Peer, 16)} found {DurationText.Of(provider.FoundNs)}, {addresses}, "
                        + $"{provider.Transport ?? "?"} · {ProviderText.Of(provider)}{text}"
                )
            );
        }
    }

    private void Line(string text) => output.WriteLine(PlainText.End(text, terminal.Width));

    private static string Or(string? text) => text is null ? "?" : PlainText.Safe(text);
}
