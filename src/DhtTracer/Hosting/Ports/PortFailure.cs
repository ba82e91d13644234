using System.Net.Sockets;
using DhtTracer.Output;

namespace DhtTracer.Hosting.Ports;

/// <summary>Explains why a port could not be opened.</summary>
internal static class PortFailure
{
    /// <summary>The failure, with the option that solves it.</summary>
    public static CommandFailedException Of(OpenPort port, SocketException cause)
    {
        var (number, title, option) = (port.EndPoint.Port, port.Row.Title, port.Row.Option);
        return new CommandFailedException(
            cause.SocketErrorCode == SocketError.AddressAlreadyInUse
                ? $"Port {number} ({title}) is taken by another program. Stop that, or choose another with {option} PORT "
                    + "(0 picks a free one, off switches it off)."
                : $"Port {number} ({title}) cannot be bound: {cause.Message}. Choose another with {option} PORT"
                    + $"{(port.Row.LoopbackOnly ? "" : ", or another address with --bind")}.",
            cause: cause
        );
    }
}
