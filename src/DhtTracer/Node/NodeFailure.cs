using System.Net.Sockets;
using DhtTracer.Kademlia;
using DhtTracer.Libp2p;
using DhtTracer.Output;

namespace DhtTracer.Node;

/// <summary>Explains failures to start a node to users.</summary>
internal static class NodeFailure
{
    /// <summary>Runs a start.</summary>
    /// <exception cref="CommandFailedException">The start failed for a reason that the user can fix.</exception>
    public static async Task<T> GuardAsync<T>(Func<Task<T>> start)
    {
        try
        {
            return await start();
        }
        catch (SocketException exception)
        {
            throw new CommandFailedException(
                $"The node cannot listen: {exception.Message}. Choose another address with --listen.",
                cause: exception
            );
        }
        catch (ArgumentException exception)
        {
            // The parameter name is only useful for programmers, so remove it.
            var text = exception.Message;
            var end = text.IndexOf(" (Parameter '", StringComparison.Ordinal);
            throw new CommandFailedException(end < 0 ? text : text[..end], ExitCode.Usage, exception);
        }
        catch (Exception exception) when (exception is FormatException or DhtOptionsException)
        {
            throw new CommandFailedException(exception.Message, ExitCode.Usage, exception);
        }
        catch (WireException exception)
        {
            throw new CommandFailedException(
                $"The identity file cannot be used: {exception.Message}. Name another with --identity.",
                cause: exception
            );
        }
    }
}
