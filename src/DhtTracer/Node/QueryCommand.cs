using DhtTracer.Kademlia;
using DhtTracer.Kademlia.Queries;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>Options of <c>dht-tracer query</c>.</summary>
internal sealed record QueryCommandOptions
{
    /// <summary>The command and its arguments, one word each, such as <c>get-providers</c> <c>bafk…</c>.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>The node that runs it.</summary>
    public required NodeOptions Node { get; init; }

    /// <summary>Maximum duration of the query; null for the node's setting.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>get-providers: number of providers wanted; get-value: number of records wanted; null for the node's setting.</summary>
    public int? Count { get; init; }
}

/// <summary><c>dht-tracer query get-providers CID --bootstrap …</c>: runs one query, shows its progress, then its permalink.</summary>
internal static class QueryCommand
{
    /// <returns>0 if the query succeeded, 1 if it did not, 130 if it was interrupted.</returns>
    /// <exception cref="CommandFailedException">The command is invalid, or the node cannot start.</exception>
    public static async Task<int> RunAsync(
        QueryCommandOptions options,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellation
    )
    {
        DhtCommand command;
        try
        {
            command = DhtCommand.Of(options.Command, options.Node.Dht.Validation);
        }
        catch (DhtCommandException exception)
        {
            throw new CommandFailedException(exception.Message, ExitCode.Usage, exception);
        }

        if (command.Type is not { } type)
        {
            throw new CommandFailedException(
                $"'{command.Name}' is a command to a running node: send it to its control server.",
                ExitCode.Usage
            );
        }

        // Only a node that announces itself needs an address. No dial back-off: the query must dial peers that failed during bootstrap
        // again, to show why they fail.
        var nodeOptions = options.Node with
        {
            DialBackoff = TimeSpan.Zero,
            Dht = options.Node.Dht with { Mode = DhtMode.Client },
            Listen = type == QueryType.AddProvider ? options.Node.Listen : [],
        };
        await using var node = await NodeFailure.GuardAsync(() => TracedNode.StartAsync(nodeOptions, errors, cancellation));
        var answered = await node.BootstrapAsync(cancellation);
        cancellation.ThrowIfCancellationRequested();
        if (answered == 0)
        {
            throw new CommandFailedException(
                "None of the bootstrap peers answered: name others with --bootstrap, or a file of them with --bootstrap-file."
            );
        }

        await errors.WriteAsync(ResultText.Of([.. command.Notes, .. nodeOptions.ReachNote is { } note ? [note] : Array.Empty<string>()]));
        QueryResult result;
        try
        {
            result = await command.RunAsync(
                node.Node,
                new QueryOptions
                {
                    Observers = [new LiveWaterfall(output)],
                    Timeout = options.Timeout,
                    Count = options.Count,
                },
                cancellation
            );
        }
        catch (Exception exception) when (exception is DhtCommandException or InvalidOperationException)
        {
            throw new CommandFailedException(exception.Message, ExitCode.Usage, exception);
        }

        await output.WriteLineAsync(ResultText.Summary(result));
        await output.WriteAsync(ResultText.Of(result));
        if (node.Permalink(result.Span) is { } permalink)
        {
            await output.WriteLineAsync(
                node.Flush() ? permalink : $"{permalink} (the spans could not be sent: nothing receives them at the OTLP endpoint)"
            );
        }

        return result.Outcome == QueryOutcome.Success ? ExitCode.Success
            : cancellation.IsCancellationRequested ? ExitCode.Interrupted
            : ExitCode.Failure;
    }
}
