namespace DhtTracer.Hosting.Ports;

/// <summary>Which ports others may reach, and with what.</summary>
/// <param name="KeysRequired">Whether requests need a key or a login.</param>
/// <param name="OpenWithoutKey">Names of ports that the operator opened without a key, see <see cref="Port.Name"/>.</param>
internal sealed record PortAccess(bool KeysRequired, IReadOnlyList<string> OpenWithoutKey)
{
    /// <summary>No port needs a key.</summary>
    public static PortAccess Open { get; } = new(false, []);

    /// <summary>
    /// Whether a port binds the address of <c>--bind</c>. A port that needs a key and whose protocol carries none does not.
    /// </summary>
    public bool MayLeaveLoopback(Port port) => !KeysRequired || port.CarriesKey || IsOpen(port);

    /// <summary>Whether a port takes requests without a key although others need one.</summary>
    public bool IsOpen(Port port) => KeysRequired && OpenWithoutKey.Contains(port.Name, StringComparer.Ordinal);
}
