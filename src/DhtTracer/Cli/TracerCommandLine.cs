using System.CommandLine;
using System.CommandLine.Parsing;
using DhtTracer.Cli.Upkeep;
using DhtTracer.Hosting;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary>The command line of <c>dht-tracer</c>.</summary>
internal static class TracerCommandLine
{
    /// <summary>Maximum time for a command to end after Ctrl-C.</summary>
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(20);

    /// <summary>Parses the arguments and runs the command.</summary>
    /// <returns>The exit code, see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        var commands = Create();
        var result = commands.Parse(arguments);
        var fromSettings = false;
        if (result.Errors.Count == 0)
        {
            try
            {
                var completed = SettingsArguments.Complete(arguments, result, Settings.Load());
                fromSettings = completed.Count > arguments.Length;
                result = commands.Parse(completed);
            }
            catch (CommandFailedException failure)
            {
                await Console.Error.WriteLineAsync("dht-tracer: " + PlainText.Safe(failure.Message));
                return failure.ExitCode;
            }
        }

        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
            {
                await Console.Error.WriteLineAsync("dht-tracer: " + PlainText.Safe(OneLine(WithoutTypes(error.Message))));
            }

            if (fromSettings)
            {
                await Console.Error.WriteLineAsync($"The settings were read, too: appsettings.json and {Settings.Prefix}* variables.");
            }

            await Console.Error.WriteLineAsync($"Try '{PathOf(result.CommandResult)} --help'.");
            return ExitCode.Usage;
        }

        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = StopTimeout });
    }

    /// <summary>The parser's messages end in the name of a .NET type, which does not help users.</summary>
    private static string WithoutTypes(string message)
    {
        var type = message.IndexOf(" as expected type '", StringComparison.Ordinal);
        return type < 0 ? message : message[..type] + ".";
    }

    /// <summary>The parser writes lists of allowed values on several lines.</summary>
    private static string OneLine(string message) =>
        string.Join(' ', message.Split((char[])['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Replace("' '", "', '", StringComparison.Ordinal);

    /// <summary>The command as typed, such as <c>dht-tracer export</c>, so that the hint points to the help with its options.</summary>
    private static string PathOf(SymbolResult result)
    {
        var names = new Stack<string>();
        for (var at = result; at is CommandResult command; at = at.Parent!)
        {
            names.Push(command.Command is RootCommand ? "dht-tracer" : command.Command.Name);
        }

        return string.Join(' ', names);
    }

    public static RootCommand Create()
    {
        var root = new RootCommand(
            "DhtTracer: trace and debug libp2p/IPFS Kademlia DHT queries.\n\nWithout a command it runs the receivers, the analysis "
                + "and the web site on this machine."
        )
        {
            ImportCommand.Create(),
            OperationsCommand.Create(),
            QueriesCommand.Create(),
            ShowCommand.Create(),
            RecordCommand.Create(),
            SweepCommand.Create(),
            NetworkCommand.Create(),
            KuboCommands.Create(),
            ExportCommand.Create(),
            ValidateCommand.Create(),
            ExplainCommand.Create(),
            GateCommand.Create(),
            PullCommand.Create(),
            HealthCommand.Create(),
            KeysCommand.Create(),
            PinCommand.Create(),
            BackupCommand.Create(),
            CheckCommand.Create(),
            CompactCommand.Create(),
            ReanalyseCommand.Create(),
        };
        foreach (var command in NodeCommands.Create().Concat(LocalNetCommands.Create()))
        {
            root.Subcommands.Add(command);
        }

        root.Options.Add(CommonOptions.Data);
        ServeCommand.AddTo(root);
        return root;
    }
}
