using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>Which host names a port accepts, depending on what the port offers.</summary>
internal enum NameRule
{
    /// <summary>The port returns data of the archive, or the state of the program.</summary>
    Reader,

    /// <summary>The port accepts spans and returns no data.</summary>
    Sender,

    /// <summary>The port controls a node, and binds only loopback.</summary>
    Control,
}

/// <summary>
/// The <c>Host</c> names that a port accepts. A web page of another site can make its own name resolve to 127.0.0.1 (DNS rebinding) and
/// then read from a local port. Its requests still have that name, so a port accepts only names that such a page cannot have.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Every port: <c>localhost</c>, loopback addresses, the bound address, and the names of <c>--host-name</c>.</item>
/// <item>A port bound to all addresses of the machine: every IP address (it needs no DNS, so it cannot be rebound) and the machine's own
/// name.</item>
/// <item>A port that only accepts spans: if bound to loopback, also <c>host.docker.internal</c>, which containers use to reach the host's
/// loopback in Docker Desktop. If bound to other addresses, any name, because everyone who reaches the port may send spans.</item>
/// <item>The control server: loopback names, and <c>lvh.me</c>, the host in the default endpoint of the 2019 web app. It resolves to this
/// machine, and no other site can use it.</item>
/// </list>
/// </remarks>
internal sealed class HostNames
{
    /// <summary>The value of <c>--host-name</c> that makes a port accept any name.</summary>
    public const string Any = "*";

    private readonly NameRule _rule;
    private readonly IPAddress _bound;
    private readonly HashSet<string> _names;
    private readonly bool _any;
    private readonly bool _anyAddress;

    /// <summary>Creates the names of a port.</summary>
    /// <param name="rule">What the port offers.</param>
    /// <param name="bound">The bound address.</param>
    /// <param name="given">Names of <c>--host-name</c>.</param>
    /// <param name="machine">The machine's own name.</param>
    public HostNames(NameRule rule, IPAddress bound, IEnumerable<string> given, string machine)
    {
        _rule = rule;
        _bound = bound;
        _names = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { "localhost" };
        var loopback = IPAddress.IsLoopback(bound);
        if (rule == NameRule.Control)
        {
            _names.Add("lvh.me");
            return;
        }

        _names.UnionWith(given);
        _any = _names.Contains(Any) || (rule == NameRule.Sender && !loopback);
        _anyAddress = bound.Equals(IPAddress.Any) || bound.Equals(IPAddress.IPv6Any);
        _names.Add(loopback ? (rule == NameRule.Sender ? "host.docker.internal" : "localhost") : machine);
    }

    /// <summary>Whether the port accepts a request with this host.</summary>
    /// <param name="host">The name without its port; empty if the request has none. Browsers always send one.</param>
    public bool Answers(string host)
    {
        if (_any || host.Length == 0)
        {
            return true;
        }

        var name = host.EndsWith('.') ? host[..^1] : host;
        return IPAddress.TryParse(name.Trim('[', ']'), out var address)
            ? _anyAddress || IPAddress.IsLoopback(address) || address.Equals(_bound)
            : _names.Contains(name);
    }

    /// <summary>Why a request is refused, and the remedy.</summary>
    /// <param name="host">The name from the request.</param>
    public string Refusal(string host) =>
        _rule == NameRule.Control
            ? $"The control server does not answer to the name '{host}', but to 127.0.0.1, localhost and lvh.me."
            : $"This port does not answer to the name '{host}': a page of another site could read it under that name. "
                + $"If the name is meant to lead here, start DhtTracer with --host-name {host}.";
}
