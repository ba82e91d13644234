using DhtTracer.Ingestion.Kubo;
using DhtTracer.Output;

namespace DhtTracer.Kubo;

/// <summary><c>dht-tracer kubo watch URL</c>: watches the provide sweep of a running Kubo until Ctrl-C.</summary>
internal static class KuboWatchCommand
{
    /// <returns>0 if everything that was seen was sent, else 1.</returns>
    /// <exception cref="CommandFailedException">The Kubo cannot be watched.</exception>
    public static async Task<int> RunAsync(
        KuboRpcClient client,
        KuboWatchOptions options,
        Uri? endpoint,
        Uri site,
        TextWriter output,
        CancellationToken cancellation
    )
    {
        using var sender = new OtlpSpanSender(endpoint);
        var told = false;
        try
        {
            await output.WriteLineAsync(
                PlainText.Safe($"Watching the Kubo on {client.Address}. {new Uri(site, "/sweep")} shows it. Ctrl-C ends.")
            );
            var watch = new KuboWatch(
                client,
                options with
                {
                    Tell = text => output.WriteLine(PlainText.Safe(text)),
                },
                async spans =>
                {
                    var sent = await sender.SendAsync(spans);
                    if (sent != !told)
                    {
                        // Told once when it fails, and once when it works again.
                        told = !sent;
                        await output.WriteLineAsync(
                            PlainText.Safe(
                                sent
                                    ? $"{sender.Endpoint} takes spans again."
                                    : $"{sender.Endpoint} takes no spans ({sender.Failure}): start dht-tracer, "
                                        + "or give --otlp-endpoint. Trying again."
                            )
                        );
                    }

                    return sent;
                },
                TimeProvider.System
            );
            var seen = await watch.RunAsync(cancellation);
            await output.WriteLineAsync(
                $"{seen.Lines} lines and {seen.Statistics} statistics"
                    + (seen.Lost == 0 ? "." : $"; {seen.Lost} of them could not be sent.")
            );
            return seen.Lost == 0 ? ExitCode.Success : ExitCode.Failure;
        }
        catch (KuboException failed)
        {
            throw new CommandFailedException(failed.Message, ExitCode.Failure, failed);
        }
    }
}
