using System.CommandLine;
using DhtTracer.Output;
using DhtTracer.Storage;
using DhtTracer.Web.Access;

namespace DhtTracer.Cli;

/// <summary>Turns expected failures into one clear line on standard error and an exit code.</summary>
internal static class Failures
{
    /// <summary>Runs a command. Unexpected failures keep their stack trace, because they are bugs.</summary>
    public static async Task<int> GuardAsync(ParseResult result, Func<Task<int>> run)
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return await run();
        }
        catch (CommandFailedException failure)
        {
            await error.WriteLineAsync("dht-tracer: " + PlainText.Safe(failure.Message));
            return failure.ExitCode;
        }
        catch (Exception failure) when (failure is DatabaseException or KeyFileException)
        {
            await error.WriteLineAsync("dht-tracer: " + failure.Message);
            return ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("dht-tracer: stopped.");
            return ExitCode.Interrupted;
        }
        catch (IOException failure) when (IsBrokenPipe(failure))
        {
            // The reader of our output, such as head(1), has closed it.
            return ExitCode.Success;
        }
    }

    private static bool IsBrokenPipe(IOException failure) =>
        failure.InnerException is System.Net.Sockets.SocketException
        || failure.HResult == 32
        || failure.Message.Contains("Broken pipe", StringComparison.Ordinal);
}
