using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Output;
using DhtTracer.Web.Text;

namespace DhtTracer.Cli.Upkeep;

/// <summary><c>dht-tracer backup FILE</c>: a copy of the archive, while it is in use.</summary>
internal static class BackupCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "File to create. It must not exist." };
        var command = new Command(
            "backup",
            "Copy the archive, also while DhtTracer runs. "
                + "To use the copy, put it into a folder as dht-tracer.db and name the folder with --data."
        )
        {
            file,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenForReadingAsync(result.DataDirectory(), cancellation);
                        var name = result.GetValue(file)!;
                        var bytes = await UpkeepDisplay.RunAsync(progress => store.Upkeep.BackUpAsync(name, progress, cancellation));
                        await result.InvocationConfiguration.Output.WriteLineAsync(
                            $"{store.Location} is copied to {name}: {ByteText.Of(bytes)}"
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }
}
