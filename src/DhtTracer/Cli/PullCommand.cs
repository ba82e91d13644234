using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Jaeger.Pull;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer pull</c>: copies every trace of some services from a running Jaeger.</summary>
internal static class PullCommand
{
    private const string Example = "jaeger://localhost:16685";

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var from = new Option<string>("--from")
        {
            Description = $"The Jaeger: {Example} (gRPC; jaegers:// for TLS) or http://localhost:16686.",
            HelpName = "URL",
            Required = true,
        };
        var services = new Option<string[]>("--service") { Description = "Service to pull. Repeatable.", HelpName = "NAME" };
        var all = new Option<bool>("--all") { Description = "Pull every service but Jaeger's own." };
        var since = CommonOptions.Duration("--since", "How far back to reach.", TimeSpan.FromHours(24), "24h");
        var late = new Option<TimeSpan?>("--late")
        {
            Description = "How long after their start traces may arrive at the Jaeger and still be pulled; --since when left out.",
            HelpName = "DURATION",
            CustomParser = result => DurationValue.Parse(result),
        };
        var access = new JaegerAccessOptions("");
        var follow = new Option<bool>("--follow") { Description = "Go on until stopped, and wait for a Jaeger that is away." };
        var depth = new Option<int>("--depth")
        {
            Description = "Traces asked for at once; a window that comes back full is cut in half.",
            HelpName = "N",
            DefaultValueFactory = _ => 1000,
        };
        var giveUp = CommonOptions.Duration(
            "--give-up-after",
            "How long a Jaeger may be away before the pull fails; with --follow it is waited for without end.",
            TimeSpan.FromMinutes(2),
            "2m"
        );
        depth.Within(1, 100_000);
        var transport = new Option<string>("--transport")
        {
            Description = "auto, grpc, grpc-v3, v3 (HTTP) or v1 (HTTP).",
            HelpName = "T",
            DefaultValueFactory = _ => "auto",
        };
        transport.AcceptOnlyFromAmong("auto", "grpc", "grpc-v3", "v3", "v1");
        var command = new Command("pull", "Pull traces out of a running Jaeger; goes on where the last pull of that Jaeger ended.")
        {
            from,
            services,
            all,
            since,
            late,
            follow,
            depth,
            transport,
            giveUp,
        };
        foreach (var option in access.All)
        {
            command.Options.Add(option);
        }

        command.Validators.Add(result =>
            result.Require(
                result.GetValue(all) != result.GetValue(services) is { Length: > 0 },
                "pull takes either --service NAME (repeatable) or --all."
            )
        );
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                    {
                        PullOptions options;
                        try
                        {
                            options = new PullOptions
                            {
                                Source = result.GetValue(from)!,
                                Services = result.GetValue(all) ? [] : result.GetValue(services)!,
                                Since = result.GetValue(since),
                                Late = result.GetValue(late),
                                Access = access.Read(result),
                                Follow = result.GetValue(follow),
                                GiveUpAfter = result.GetValue(follow) ? null : result.GetValue(giveUp),
                                Depth = result.GetValue(depth),
                                Transport = result.GetValue(transport) switch
                                {
                                    "grpc" => PullTransport.Grpc,
                                    "grpc-v3" => PullTransport.GrpcV3,
                                    "v3" => PullTransport.HttpV3,
                                    "v1" => PullTransport.HttpV1,
                                    _ => PullTransport.Automatic,
                                },
                            };
                            options.Validate();
                        }
                        catch (ArgumentException wrong)
                        {
                            throw new CommandFailedException(wrong.Message.Split(" (Parameter", 2)[0], ExitCode.Usage, wrong);
                        }

                        return RunAsync(result.DataDirectory(), options, result.InvocationConfiguration, cancellation);
                    }
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(
        string data,
        PullOptions options,
        InvocationConfiguration invocation,
        CancellationToken cancellation
    )
    {
        await using var session = await WritingSession.OpenAsync(data, cancellation);

        // The display shows problems. Log lines would break it.
        var worker = new PullWorker(options, session.Store, session.Sink);
        PullProgress? done = null;
        var code = ExitCode.Success;
        try
        {
            done = await PullDisplay.RunAsync(progress => worker.RunAsync(progress, cancellation), TimeProvider.System);
        }
        catch (PullException failure)
        {
            throw new CommandFailedException(failure.Message, cause: failure);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Ctrl-C is the normal end of following.
            code = options.Follow ? ExitCode.Success : ExitCode.Interrupted;
        }

        await session.Worker.DrainAsync(CancellationToken.None);
        await invocation.Output.WriteLineAsync(
            done is null
                ? "Stopped; what was taken is stored, and the next pull goes on from there."
                : $"{done.Services} services: {done.Spans} spans of {done.Traces} traces, {done.Duplicates} spans already there, "
                    + $"{done.Windows} windows ({done.WindowsBisected} cut), {done.Retries} retries, {done.Moved} spans moved. "
                    + (done.Gaps > 0 ? $"{done.Gaps} gaps could not be read; the next pull tries them again. " : "")
                    + $"In {session.Store.Location}"
        );
        return code;
    }
}
