using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>The commands that run a DHT of many nodes in this process: <c>localnet</c> and <c>demo</c>.</summary>
internal static class LocalNetCommands
{
    /// <summary>Makes them.</summary>
    public static IEnumerable<Command> Create() => [CreateLocalNet(), CreateDemo()];

    private static Command CreateLocalNet()
    {
        var nodes = Nodes(100);
        var seed = Seed();
        var faults = new Option<string>("--faults")
        {
            Description =
                "Faults and the share of nodes that have them: "
                + "slow=0.1,dead=0.05,silent=…,black-hole=…,drops=…,names-dead-peers=…,names-peers-twice=…,refuses-protocol=…",
            HelpName = "LIST",
            DefaultValueFactory = _ => "",
        };
        var file = new Option<FileInfo?>("--bootstrap-file")
        {
            Description = "Write the bootstrap peers there, a line each.",
            HelpName = "FILE",
        };
        var stats = CommonOptions.Duration("--stats", "Time between two lines of statistics.", TimeSpan.FromSeconds(10), "10s");
        var command = new Command("localnet", "Run a DHT of many nodes in this process, over TCP on loopback, until it is stopped.")
        {
            nodes,
            seed,
            faults,
            file,
            stats,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                    {
                        try
                        {
                            var network = new LocalNetworkOptions
                            {
                                Count = result.GetValue(nodes),
                                Seed = result.GetValue(seed),
                                Faults = LocalNetCommandOptions.ParseFaults(result.GetValue(faults)!),
                                BootstrapFile = result.GetValue(file)?.FullName,
                            };
                            return RunLocalNetAsync(
                                new LocalNetCommandOptions { Network = network, StatsInterval = result.GetValue(stats) },
                                result.InvocationConfiguration.Output,
                                cancellation
                            );
                        }
                        catch (FormatException wrong)
                        {
                            throw new CommandFailedException(wrong.Message, ExitCode.Usage, wrong);
                        }
                    }
                )
        );
        return command;
    }

    /// <summary>Runs the main process, and a local network with a traced node that send their spans to it.</summary>
    private static Command CreateDemo()
    {
        var serve = new ServeOptions();
        var nodes = Nodes(60);
        var seed = Seed();
        var interval = CommonOptions.Duration("--interval", "Time between two queries after the script.", TimeSpan.FromSeconds(4), "4s");
        var limit = new Option<int?>("--queries")
        {
            Description = "Queries after the script; until it is stopped when not given.",
            HelpName = "N",
        };
        var control = NodeCommands.ControlPort();
        var command = new Command(
            "demo",
            "Everything at once: the site, a local DHT with faults, a traced node, and queries of every kind."
        )
        {
            nodes,
            seed,
            interval,
            limit,
            control,
        };
        foreach (var option in serve.All)
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var output = result.InvocationConfiguration.Output;
                        var options = serve.Read(result);
                        if (options.Ports[PortKind.OtlpGrpc] is null)
                        {
                            throw new CommandFailedException(
                                "The demo sends its spans to the gRPC receiver: leave --otlp-grpc-port on.",
                                ExitCode.Usage
                            );
                        }

                        var ports = new Dictionary<PortKind, int?>(options.Ports) { [PortKind.Control] = result.GetValue(control).Port };
                        var demo = new DemoOptions
                        {
                            Nodes = result.GetValue(nodes),
                            Seed = result.GetValue(seed),
                            Interval = result.GetValue(interval),
                            QueryLimit = result.GetValue(limit),
                        };
                        await using var host = await TracerHost.StartAsync(
                            options with
                            {
                                Ports = ports,
                            },
                            output,
                            cancellation,
                            services =>
                                services
                                    .AddNodeControl([])
                                    .AddHostedService(provider =>
                                        ActivatorUtilities.CreateInstance<DemoService>(
                                            provider,
                                            demo,
                                            output,
                                            result.InvocationConfiguration.Error
                                        )
                                    )
                        );
                        return await host.RunAsync(cancellation);
                    }
                )
        );
        return command;
    }

    private static async Task<int> RunLocalNetAsync(LocalNetCommandOptions options, TextWriter output, CancellationToken cancellation)
    {
        var host = ProgramHost.Build(
            ports: null,
            services => services.AddHostedService(provider => ActivatorUtilities.CreateInstance<LocalNetService>(provider, options, output))
        );
        try
        {
            await host.StartAsync(cancellation);
            await ProgramHost.RunAsync(host, cancellation);
            return ExitCode.Success;
        }
        finally
        {
            await ProgramHost.DisposeAsync(host);
        }
    }

    private static Option<int> Nodes(int defaultValue)
    {
        var option = new Option<int>("--nodes", "-n")
        {
            Description = "Nodes of the local network.",
            HelpName = "N",
            DefaultValueFactory = _ => defaultValue,
        };
        option.Within(2, 1000);
        return option;
    }

    private static Option<int> Seed() =>
        new("--seed")
        {
            Description = "Identities, faults and queries follow from it.",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
        };
}
