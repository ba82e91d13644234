using System.Net;
using DhtTracer.Output;

namespace DhtTracer.Hosting.Ports;

/// <summary>The ports that this process opens, in the table's order.</summary>
internal sealed class OpenPorts
{
    private OpenPorts(IReadOnlyList<OpenPort> all, PortSettings settings)
    {
        All = all;
        Settings = settings;
    }

    /// <summary>What applies to all of them.</summary>
    public PortSettings Settings { get; }

    /// <summary>Origins of <see cref="PortSettings.PublicUrls"/>.</summary>
    public IReadOnlyList<string> PublicOrigins => [.. Settings.PublicUrls.Select(static url => url.GetLeftPart(UriPartial.Authority))];

    /// <summary>All of them.</summary>
    public IReadOnlyList<OpenPort> All { get; }

    public IEnumerable<OpenPort> Http => All.Where(static port => port.Row.Protocol != PortProtocol.Udp);

    /// <summary>Creates the ports. Does not bind them yet.</summary>
    /// <param name="numbers">Number of each port; 0 for a free port. Missing and null ports are off.</param>
    /// <param name="settings">What applies to all ports.</param>
    /// <exception cref="CommandFailedException">Two ports have the same number.</exception>
    public static OpenPorts Of(IReadOnlyDictionary<PortKind, int?> numbers, PortSettings settings)
    {
        IReadOnlyList<string> names = [.. settings.HostNames, .. settings.PublicUrls.Select(static url => url.Host)];
        var open = new List<OpenPort>();
        foreach (var row in PortTable.All)
        {
            if (numbers.GetValueOrDefault(row.Kind) is { } number)
            {
                var address = row.Address(settings.Access.MayLeaveLoopback(row) ? settings.Bind : IPAddress.Loopback);
                var hosts = new HostNames(row.Names, address, names, Environment.MachineName);
                open.Add(
                    new OpenPort(
                        row,
                        new IPEndPoint(address, number),
                        hosts,
                        settings.Access.IsOpen(row),
                        row.MayHaveTls && settings.Certificate is not null
                    )
                );
            }
        }

        var twice = open.Where(static port => port.EndPoint.Port != 0)
            .GroupBy(static port => (port.EndPoint.Port, port.Row.Protocol == PortProtocol.Udp))
            .FirstOrDefault(static ports => ports.Count() > 1);
        return twice is null
            ? new OpenPorts(open, settings)
            : throw new CommandFailedException(
                $"Port {twice.Key.Port} is given to {string.Join(" and to ", twice.Select(static port => port.Row.Option))}: "
                    + "each needs one of its own.",
                ExitCode.Usage
            );
    }

    /// <summary>Address of a port; null if it is off or not bound yet.</summary>
    public Uri? Address(PortKind kind) =>
        All.FirstOrDefault(port => port.Row.Kind == kind) is { Authority: { } authority } port
            ? new Uri($"{(port.IsTls ? "https" : "http")}://{authority}")
            : null;
}
