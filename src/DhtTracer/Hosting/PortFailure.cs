using System.Net.Sockets;
using DhtTracer.Cli;

namespace DhtTracer.Hosting;

/// <summary>What to say when a port cannot be had.</summary>
internal static class PortFailure
{
    /// <summary>Somebody else has it.</summary>
    public static CommandFailedException Taken(ListenerInfo info, int port, Exception cause) =>
        new(
            $"Port {port} ({info.Title}) is taken by another program. Stop that, or choose another with {info.Option} PORT (0 picks a free one, off switches it off).",
            cause: cause
        );

    /// <summary>The system refuses it.</summary>
    public static CommandFailedException NotBound(ListenerInfo info, int port, SocketException cause) =>
        new(
            $"Port {port} ({info.Title}) cannot be bound: {cause.Message}. Choose another with {info.Option} PORT, or another address with --bind.",
            cause: cause
        );
}
