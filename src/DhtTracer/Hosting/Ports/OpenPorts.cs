using System.Net;
using DhtTracer.Output;

namespace DhtTracer.Hosting.Ports;

/// <summary>The ports that this process opens, in the table's order.</summary>
internal sealed class OpenPorts
{
    private OpenPorts(IReadOnlyList<OpenPort> all, IReadOnlyList<string> corsOrigins)
    {
        All = all;
        CorsOrigins = corsOrigins;
    }

    /// <summary>Origins whose pages may use the ports that allow it; <c>*</c> for all.</summary>
    public IReadOnlyList<string> CorsOrigins { get; }

    /// <summary>Origins under which users reach this process through a proxy.</summary>
    public IReadOnlyList<string> PublicOrigins { get; init; } = [];

    /// <summary>All of them.</summary>
    public IReadOnlyList<OpenPort> All { get; }

    public IEnumerable<OpenPort> Http => All.Where(static port => port.Row.Protocol != PortProtocol.Udp);

    /// <summary>Creates the ports. Does not bind them yet.</summary>
    /// <param name="numbers">Number of each port; 0 for a free port. Missing and null ports are off.</param>
    /// <param name="bind">Address to bind.</param>
    /// <param name="names">Names of <c>--host-name</c>.</param>
    /// <param name="corsOrigins">Origins of <c>--cors-origin</c>.</param>
    /// <param name="access">Which ports others may reach, and which of them without a key; null if that does not matter.</param>
    /// <exception cref="CommandFailedException">Two ports have the same number.</exception>
    public static OpenPorts Of(
        IReadOnlyDictionary<PortKind, int?> numbers,
        IPAddress bind,
        IReadOnlyList<string> names,
        IReadOnlyList<string> corsOrigins,
        PortAccess? access = null
    )
    {
        access ??= PortAccess.Open;
        var open = new List<OpenPort>();
        foreach (var row in PortTable.All)
        {
            if (numbers.GetValueOrDefault(row.Kind) is { } number)
            {
                var address = row.Address(access.MayLeaveLoopback(row) ? bind : IPAddress.Loopback);
                var hosts = new HostNames(row.Names, address, names, Environment.MachineName);
                open.Add(new OpenPort(row, new IPEndPoint(address, number), hosts, access.IsOpen(row)));
            }
        }

        var twice = open.Where(static port => port.EndPoint.Port != 0)
            .GroupBy(static port => (port.EndPoint.Port, port.Row.Protocol == PortProtocol.Udp))
            .FirstOrDefault(static ports => ports.Count() > 1);
        return twice is null
            ? new OpenPorts(open, corsOrigins)
            : throw new CommandFailedException(
                $"Port {twice.Key.Port} is given to {string.Join(" and to ", twice.Select(static port => port.Row.Option))}: "
                    + "each needs one of its own.",
                ExitCode.Usage
            );
    }

    /// <summary>Address of a port; null if it is off or not bound yet.</summary>
    public Uri? Address(PortKind kind) =>
        All.FirstOrDefault(port => port.Row.Kind == kind)?.Authority is { } authority ? new Uri($"http://{authority}") : null;
}
