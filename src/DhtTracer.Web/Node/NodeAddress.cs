using System.Net;
using DhtTracer.Web.Access;
using Microsoft.AspNetCore.Http;

namespace DhtTracer.Web.Node;

/// <summary>Where the control server of the node is that the page Run sends queries to.</summary>
/// <param name="url">Its address; null while there is none.</param>
/// <param name="isGiven">The user named it. Else only this machine may use it: whoever else reaches the site must not make a node
/// act.</param>
public sealed class NodeAddress(Uri? url, bool isGiven)
{
    private volatile Uri? _current = url;

    /// <summary>The address; null while there is none.</summary>
    public Uri? Url => _current;

    /// <summary>The user named it.</summary>
    public bool IsGiven => isGiven;

    /// <summary>Says where it is, for a node that starts in this process and takes a free port.</summary>
    public void PointTo(Uri address) => _current = address;

    /// <summary>Whether a request may make the node act. Where a login is required, an
    /// operator may. A name that was re-bound to 127.0.0.1 by a foreign page is no loopback
    /// name.</summary>
    public bool IsAllowed(HttpContext context) => context.User.IsLoggedIn() ? context.User.MayOperate() : isGiven || IsLocal(context);

    /// <summary>Whether a request comes from this machine under one of its loopback names.</summary>
    internal static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } remote && IPAddress.IsLoopback(remote) && IsLoopback(context.Request.Host.Host);

    private static bool IsLoopback(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
