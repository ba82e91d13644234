using DhtTracer.Analysis;
using DhtTracer.Analysis.Model;
using DhtTracer.Ingestion.Kubo;
using DhtTracer.Node;
using DhtTracer.Output;
using DhtTracer.Traces.Model;

namespace DhtTracer.Kubo;

/// <summary>Options of <c>dht-tracer query … --kubo</c>.</summary>
internal sealed record KuboQueryOptions
{
    /// <summary>The command and its arguments, one word each, such as <c>get-providers</c> <c>bafk…</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Number of providers wanted; null for the daemon's default.</summary>
    public int? Count { get; init; }

    /// <summary>Time limit enforced by the daemon; null for none.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>OTLP endpoint for the spans; null for the standard variables, else this machine's receiver.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>Address of the site, for the permalink.</summary>
    public required Uri Site { get; init; }
}

/// <summary>
/// <c>dht-tracer query get-providers CID --kubo URL</c>: runs one command at a running Kubo, shows its progress, then its permalink.
/// </summary>
internal static class KuboQueryCommand
{
    /// <returns>0 if the query succeeded, 1 if it did not, 130 if it was interrupted.</returns>
    /// <exception cref="CommandFailedException">The command is invalid, or the Kubo does not run it.</exception>
    public static async Task<int> RunAsync(
        KuboRpcClient client,
        KuboQueryOptions options,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellation
    )
    {
        try
        {
            var command = Parse(options);
            var identity = await client.IdentityAsync(cancellation);
            await output.WriteLineAsync(
                PlainText.Safe(
                    $"{Words.Of(command.Type)} {command.Key} at {identity.Agent ?? "the node"} {identity.Id} on {client.Address}"
                )
            );
            if (!command.HasEvents)
            {
                await output.WriteLineAsync(
                    $"A Kubo does not tell what {command.Path} does while it runs; its own spans do, when they are exported to DhtTracer."
                );
            }

            return await RunAsync(client, command, identity, options, output, errors, cancellation);
        }
        catch (KuboException failed)
        {
            throw new CommandFailedException(
                failed.Message,
                failed.Problem == KuboProblem.BadRequest ? ExitCode.Usage : ExitCode.Failure,
                failed
            );
        }
    }

    private static async Task<int> RunAsync(
        KuboRpcClient client,
        KuboCommand command,
        KuboIdentity identity,
        KuboQueryOptions options,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellation
    )
    {
        using var sender = new OtlpSpanSender(options.Endpoint);
        var live = new KuboLiveText(output);
        var spans = new List<Span>();
        var query = new KuboQuery(client, command, identity, TimeProvider.System) { OnEvent = live.Write };
        var end = await query.RunAsync(
            async batch =>
            {
                spans.AddRange(batch);
                await sender.SendAsync(batch);
            },
            cancellation
        );
        if (end.Error is { } error)
        {
            await errors.WriteLineAsync("dht-tracer: " + PlainText.Safe(error));
        }

        var made = TraceReconstruction.Reconstruct(spans).Queries[0];
        await output.WriteLineAsync(PlainText.Safe(Summary(made)));
        foreach (var line in KuboLiveText.Results(spans, made.Type))
        {
            await output.WriteLineAsync(PlainText.Safe(line));
        }

        var permalink = new Uri(options.Site, $"/q/{end.Id}").ToString();
        await output.WriteLineAsync(
            sender.Failure is { } lost
                ? $"{permalink} (its spans could not be sent to {sender.Endpoint}: {PlainText.Safe(lost)})"
                : permalink
        );
        return made.Outcome == QueryOutcome.Success ? ExitCode.Success
            : cancellation.IsCancellationRequested ? ExitCode.Interrupted
            : ExitCode.Failure;
    }

    private static string Summary(Query query)
    {
        var duration = query.DurationNs is { } ns ? $" in {ResultText.Duration(TimeSpan.FromTicks(ns / 100))}" : "";
        var results = query.Counts.Results is { } count ? $", {count} {(count == 1 ? "result" : "results")}" : "";
        var error = query.Error is { } failed ? $": {failed.Class}{(failed.Text is { } text ? ", " + text : "")}" : "";
        return $"{Words.Of(query.Type)} {Words.Of(query.Outcome)}{duration}{results}{error}";
    }

    private static KuboCommand Parse(KuboQueryOptions options)
    {
        DhtCommand command;
        try
        {
            command = DhtCommand.Of(options.Command);
        }
        catch (DhtCommandException exception)
        {
            throw new CommandFailedException(exception.Message, ExitCode.Usage, exception);
        }

        var type = Words.TryParse<QueryType>(command.Name, out var known) ? known : QueryType.Unknown;
        return KuboCommand.Create(type, command.Argument, command.GivenValue()) with { Count = options.Count, Timeout = options.Timeout };
    }
}
