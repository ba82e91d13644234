using System.CommandLine;
using DhtTracer.Hosting.Ports;
using DhtTracer.Kademlia;
using DhtTracer.Kubo;
using DhtTracer.Node;

namespace DhtTracer.Cli;

/// <summary>The commands of the traced DHT node: <c>node</c> and <c>query</c>.</summary>
internal static class NodeCommands
{
    /// <summary>Makes them.</summary>
    public static IEnumerable<Command> Create() => [CreateNode(), CreateQuery()];

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

    /// <summary>The port of the control server, which the demo opens too.</summary>
    public static Option<PortValue> ControlPort() =>
        new(PortTable.Of(PortKind.Control).Option)
        {
            Description = "Port of the control server on 127.0.0.1; 0 picks a free one, off switches it off.",
            HelpName = "PORT",
            CustomParser = PortValue.Parse,
            DefaultValueFactory = _ => new PortValue(PortTable.Of(PortKind.Control).Number),
        };
}
