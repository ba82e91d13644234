using System.CommandLine;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Kademlia;
using DhtTracer.Kademlia.LocalNet;
using DhtTracer.Kubo;
using DhtTracer.Node;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>The commands of the traced DHT node: <c>node</c>, <c>query</c>, <c>localnet</c> and <c>demo</c>.</summary>
internal static class NodeCommands
{
    /// <summary>Makes them.</summary>
    public static IEnumerable<Command> Create() => [CreateNode(), CreateQuery(), CreateLocalNet(), CreateDemo()];

    private static Command CreateNode()
    {
        var options = new NodeOptionSet();
        var client = new Option<bool>("--client") { Description = "Only ask, never answer: the node enters no routing table." };
        var control = ControlPort();
        var origins = new Option<string[]>("--control-origin")
        {
            Description = "Origin of a web page, beside those of this machine, that may use the control server. Repeatable.",
            HelpName = "ORIGIN",
        };
        var reprovide = Interval("--reprovide-interval", "Time after which what this node provides is announced again; 0 for never.");
        var republish = Interval("--republish-interval", "Time after which values that this node put are put again; 0 for never.");
        var command = new Command("node", "Run a traced DHT node, with the control server of 2019 (/cmd, /events) for commands.")
        {
            client,
            control,
            origins,
            reprovide,
            republish,
        };
        Add(command, options);
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    () =>
                    {
                        var node = options.Read(result, result.GetValue(client) ? DhtMode.Client : DhtMode.Server);
                        return NodeCommand.RunAsync(
                            node with
                            {
                                ControlPort = result.GetValue(control).Port,
                                ControlOrigins = result.GetValue(origins) ?? [],
                                Dht = node.Dht with
                                {
                                    ReprovideInterval = result.GetValue(reprovide),
                                    RepublishInterval = result.GetValue(republish),
                                },
                            },
                            result.InvocationConfiguration.Output,
                            result.InvocationConfiguration.Error,
                            cancellation
                        );
                    }
                )
        );
        return command;
    }

    private static Command CreateQuery()
    {
        var words = new Argument<string[]>("COMMAND")
        {
            Description =
                "find-peer ID, get-providers CID, add-provider CID, put-value KEY VALUE, get-value KEY, get-closest-peers KEY or ping ID. "
                + "KEY and VALUE may be bytes: hex:0011ff.",
            Arity = ArgumentArity.OneOrMore,
        };
        var count = new Option<int?>("--count") { Description = "Providers or records wanted.", HelpName = "N" };
        var options = new NodeOptionSet();
        var kubo = new KuboOptionSet("Let a running Kubo run the query instead of a node of our own, and show what it tells.");
        var command = new Command("query", "Run one DHT query and show it while it runs.") { words, count };
        Add(command, options);
        foreach (var option in kubo.All)
        {
            command.Options.Add(option);
        }

        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var given = result.GetValue(words)!;
                        using var client = kubo.Read(result);
                        return client is null
                            ? await QueryCommand.RunAsync(
                                new QueryCommandOptions
                                {
                                    Command = given,
                                    Node = options.Read(result, DhtMode.Client),
                                    Count = result.GetValue(count),
                                },
                                result.InvocationConfiguration.Output,
                                result.InvocationConfiguration.Error,
                                cancellation
                            )
                            : await KuboQueryCommand.RunAsync(
                                client,
                                options.ReadKubo(result) with
                                {
                                    Command = given,
                                    Count = result.GetValue(count),
                                },
                                result.InvocationConfiguration.Output,
                                result.InvocationConfiguration.Error,
                                cancellation
                            );
                    }
                )
        );
        return command;
    }

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
        var control = ControlPort();
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

    private static void Add(Command command, NodeOptionSet options)
    {
        foreach (var option in options.All)
        {
            command.Options.Add(option);
        }
    }

    private static Option<ShownDuration> Interval(string name, string description)
    {
        var option = CommonOptions.Duration(name, description, TimeSpan.FromHours(22), "22h");
        option.CustomParser = result =>
            result.Tokens[0].Value == "0"
                ? new ShownDuration(TimeSpan.Zero, "0")
                : new ShownDuration(DurationValue.Parse(result), result.Tokens[0].Value);
        return option;
    }

    private static Option<PortValue> ControlPort() =>
        new(PortTable.Of(PortKind.Control).Option)
        {
            Description = "Port of the control server on 127.0.0.1; 0 picks a free one, off switches it off.",
            HelpName = "PORT",
            CustomParser = PortValue.Parse,
            DefaultValueFactory = _ => new PortValue(PortTable.Of(PortKind.Control).Number),
        };

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
