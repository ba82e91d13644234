using System.Net;

namespace DhtTracer.Hosting.Ports;

/// <summary>Which names a port answers, by what can be done there.</summary>
internal enum NameRule
{
    /// <summary>The port tells what the archive holds, or how the program is.</summary>
    Reader,

    /// <summary>The port takes spans and tells nothing.</summary>
    Sender,

    /// <summary>The port makes a node act, and binds loopback only.</summary>
    Control,
}

/// <summary>
/// The <c>Host</c> names that a port answers. A page of another site can have its own name resolve to 127.0.0.1 (DNS rebinding) and then
/// read what a local port answers; its requests still carry that name, so a port answers only names that such a page cannot have.
/// </summary>
/// <remarks>
/// <list type="bullet">
/// <item>Every port: <c>localhost</c>, loopback addresses, the address that was bound, and the names of <c>--host-name</c>.</item>
/// <item>Bound to all addresses of the machine: every IP address (it needs no DNS, so it cannot be rebound) and the machine's own
/// name.</item>
/// <item>A port that only takes spans: bound to loopback also <c>host.docker.internal</c>, by which containers reach the loopback of
/// Docker Desktop's machine; bound to others any name, because there whoever reaches the port may send anyway.</item>
/// <item>The control server: loopback names, and <c>lvh.me</c>, the host of the default endpoint of the web app of 2019, which resolves to
/// this machine and which nobody else can make.</item>
/// </list>
/// </remarks>
internal sealed class HostNames
{
    /// <summary>The name of <c>--host-name</c> that lets a port answer any name.</summary>
    public const string Any = "*";

    private readonly NameRule _rule;
    private readonly IPAddress _bound;
    private readonly HashSet<string> _names;
    private readonly bool _any;
    private readonly bool _anyAddress;

    /// <summary>Makes the names of a port.</summary>
    /// <param name="rule">What can be done there.</param>
    /// <param name="bound">The address that is bound.</param>
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

    /// <summary>Whether the port answers a request with this host.</summary>
    /// <param name="host">The name without its port; empty where the request has none, which no browser leaves out.</param>
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

    /// <summary>Why a request is not answered, and what to do.</summary>
    /// <param name="host">The name, out of the request.</param>
    public string Refusal(string host) =>
        _rule == NameRule.Control
            ? $"The control server does not answer to the name '{host}', but to 127.0.0.1, localhost and lvh.me."
            : $"This port does not answer to the name '{host}': a page of another site could read it under that name. "
                + $"If the name is meant to lead here, start DhtTracer with --host-name {host}.";
}
