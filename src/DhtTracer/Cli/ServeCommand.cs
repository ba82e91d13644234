using System.CommandLine;
using System.Net;
using DhtTracer.Hosting;
using DhtTracer.Hosting.Ports;
using DhtTracer.Node;

namespace DhtTracer.Cli;

/// <summary>Runs if no command is given: receivers, analysis worker and site in one process.</summary>
internal static class ServeCommand
{
    /// <summary>Adds the options and the action to the root command.</summary>
    public static void AddTo(RootCommand root)
    {
        var options = new ServeOptions();
        foreach (var option in options.All)
        {
            root.Options.Add(option);
        }

        root.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        await using var host = await TracerHost.StartAsync(
                            options.Read(result),
                            result.InvocationConfiguration.Output,
                            cancellation
                        );
                        return await host.RunAsync(cancellation);
                    }
                )
        );
    }
}

/// <summary>The options of the main process. <c>demo</c> has them too.</summary>
internal sealed class ServeOptions
{
    private readonly Dictionary<PortKind, Option<PortValue>> _ports = PortTable.Main.ToDictionary(port => port.Kind, PortOption);

    private readonly Option<bool> _samples = new("--samples") { Description = "Load the traces of samples/ at the start." };

    private readonly Option<string> _bind = new("--bind")
    {
        Description = "Address that every listener binds. Anything but a loopback address needs keys ('dht-tracer keys') or --insecure.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => "127.0.0.1",
    };

    private readonly AccessOptions _access = new();

    private readonly Option<string[]> _hostName = new("--host-name")
    {
        Description =
            "Name under which browsers and programs reach the ports, such as that of a proxy; * for any. This machine's own names "
            + "are always answered. Repeatable.",
        HelpName = "NAME",
    };

    private readonly Option<string[]> _cors = new("--cors-origin")
    {
        Description = "Origin whose pages may call the receivers and APIs; * for all. Repeatable.",
        HelpName = "ORIGIN",
    };

    private readonly Option<PullSource[]> _pull = new("--pull")
    {
        Description =
            "Jaeger to pull from in the background, such as jaeger://host:16685, or with services of its own "
            + "jaeger://host:16685?service=kubo. Repeatable.",
        HelpName = "URL",
        Arity = ArgumentArity.OneOrMore,
        CustomParser = PullSourceValue.Parse,
    };

    private readonly Option<string[]> _pullService = new("--pull-service")
    {
        Description = "Service to pull from sources that name none; all when none is given. Repeatable.",
        HelpName = "NAME",
    };

    private readonly Option<ShownDuration> _pullSince = CommonOptions.Duration(
        "--pull-since",
        "How far back the first pull reaches.",
        TimeSpan.FromHours(24),
        "24h"
    );

    private readonly Option<TimeSpan?> _pullLate = new("--pull-late")
    {
        Description = "How long after their start traces may arrive at a Jaeger and still be pulled; --pull-since when left out.",
        HelpName = "DURATION",
        CustomParser = result => DurationValue.Parse(result),
    };

    private readonly JaegerAccessOptions _pullAccess = new("pull-");

    private readonly Option<TimeSpan> _keep = new("--keep")
    {
        Description = "Delete traces older than this, such as 30d. Everything is kept when it is not given. Pinned traces stay.",
        HelpName = "DURATION",
        CustomParser = DurationValue.Parse,
    };

    private readonly Option<long> _keepSize = new("--keep-size")
    {
        Description = "Delete the oldest traces while the archive needs more than this, such as 20GB. Pinned traces stay.",
        HelpName = "SIZE",
        CustomParser = SizeValue.Parse,
    };

    private readonly Option<Uri?> _node = new("--node")
    {
        Description =
            "Control server of the node that the page Run uses. When it is given, everyone who reaches the site may run queries. "
            + $"[default: http://127.0.0.1:{NodeOptions.DefaultControlPort}, for readers on this machine]",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    private readonly Option<Uri?> _ownTraces = new("--own-traces")
    {
        Description = "Send spans of the program's own work to this OTLP endpoint (gRPC), which is not one of its own. Off when not given.",
        HelpName = "URL",
        CustomParser = UrlValue.Parse,
    };

    private readonly AlarmOptionSet _alarms = new();

    private readonly KuboOptionSet _kubo = new("Let the page Run use a running Kubo.");

    /// <summary>Makes the options.</summary>
    public ServeOptions()
    {
        _bind.Validators.Add(result =>
            result.Require(
                IPAddress.TryParse(result.GetValueOrDefault<string>(), out _),
                "--bind takes an IP address, such as 127.0.0.1, 0.0.0.0 or ::1."
            )
        );
    }

    /// <summary>All of them.</summary>
    public IEnumerable<Option> All =>
        [
            _samples,
            .. _ports.Values,
            _bind,
            .. _access.All,
            _hostName,
            _cors,
            _pull,
            _pullService,
            _pullSince,
            _pullLate,
            .. _pullAccess.All,
            _keep,
            _keepSize,
            _node,
            _ownTraces,
            .. _alarms.All,
            .. _kubo.All,
        ];

    /// <summary>The options given on the command line.</summary>
    public ServerOptions Read(ParseResult result) =>
        _access.AddTo(
            new ServerOptions
            {
                DataDirectory = result.DataDirectory(),
                Bind = IPAddress.Parse(result.GetValue(_bind)!),
                HostNames = result.GetValue(_hostName) ?? [],
                Ports = _ports.ToDictionary(port => port.Key, port => result.GetValue(port.Value).Port),
                LoadSamples = result.GetValue(_samples),
                CorsOrigins = result.GetValue(_cors) ?? [],
                PullSources = result.GetValue(_pull) ?? [],
                PullServices = result.GetValue(_pullService) ?? [],
                PullSince = result.GetValue(_pullSince),
                PullLate = result.GetValue(_pullLate),
                PullAccess = _pullAccess.Read(result),
                Node = result.GetValue(_node),
                Alarms = _alarms.Read(result),
                Kubo = _kubo.Read(result),
                OwnTraces = result.GetValue(_ownTraces),
                Keep = result.GetValue(_keep) is { Ticks: > 0 } time ? time : null,
                KeepBytes = result.GetValue(_keepSize) is > 0 and var bytes ? bytes : null,
            },
            result
        );

    private static Option<PortValue> PortOption(Port port) =>
        new(port.Option)
        {
            Description =
                $"Port of {(port.Kind is PortKind.Site or PortKind.Health ? "the " : "")}{port.Title}"
                + $"{(port.Kind == PortKind.Health ? " check" : "")}; 0 picks a free one, off switches it off.",
            HelpName = "PORT",
            CustomParser = PortValue.Parse,
            DefaultValueFactory = _ => new PortValue(port.Number),
        };
}
