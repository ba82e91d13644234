using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Text;

namespace DhtTracer.Cli.Upkeep;

/// <summary><c>dht-tracer compact</c>: rewrites the archive without gaps.</summary>
internal static class CompactCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var command = new Command(
            "compact",
            "Rewrite the archive without gaps. It needs as much free space as the archive is large. "
                + "Stop DhtTracer first: nobody can write meanwhile."
        );
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenExistingAsync(result.DataDirectory(), cancellation);
                        var done = await store.Upkeep.CompactAsync(cancellation);
                        await result.InvocationConfiguration.Output.WriteLineAsync(
                            $"{store.Location}: {ByteText.Of(done.BytesBefore)} before, {ByteText.Of(done.BytesAfter)} now"
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }
}
