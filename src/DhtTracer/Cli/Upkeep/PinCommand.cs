using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Output;

namespace DhtTracer.Cli.Upkeep;

/// <summary><c>dht-tracer pin</c>: keeps traces when retention deletes older ones.</summary>
internal static class PinCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var ids = new Argument<string[]>("ID")
        {
            Description = "Operations or queries, as in 'show'; their whole traces are pinned. Without one the pinned traces are listed.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var remove = new Option<bool>("--remove") { Description = "Let go of them." };
        var command = new Command("pin", "Keep traces when --keep or --keep-size deletes older ones.") { ids, remove };
        command.Validators.Add(result =>
            result.Require(!result.GetValue(remove) || result.GetValue(ids) is { Length: > 0 }, "--remove needs an ID.")
        );
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var store = await Archive.OpenExistingAsync(result.DataDirectory(), cancellation);
                        var output = result.InvocationConfiguration.Output;
                        var pinned = !result.GetValue(remove);
                        if (result.GetValue(ids) is not { Length: > 0 } named)
                        {
                            foreach (var trace in await store.Upkeep.ListPinnedAsync(cancellation))
                            {
                                await output.WriteLineAsync(trace.ToString());
                            }

                            return ExitCode.Success;
                        }

                        foreach (var id in named)
                        {
                            var trace = (await ShowCommand.FindAsync(store, id, cancellation)).Id.TraceId;
                            await store.Upkeep.PinAsync(trace, pinned, cancellation);
                            await output.WriteLineAsync($"trace {trace} is {(pinned ? "pinned" : "no longer pinned")}");
                        }

                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }
}
