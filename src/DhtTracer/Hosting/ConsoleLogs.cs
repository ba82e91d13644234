using Microsoft.Extensions.Logging.Console;

namespace DhtTracer.Hosting;

/// <summary>Writes logs to standard error, one line each. Standard output is for results.</summary>
internal static class ConsoleLogs
{
    /// <summary>Configures a logger factory or an application.</summary>
    public static void Configure(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "HH:mm:ss ";
            console.ColorBehavior = string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
                ? LoggerColorBehavior.Default
                : LoggerColorBehavior.Disabled;
        });
        logging.AddFilter(null, LogLevel.Warning);
        logging.AddFilter("DhtTracer", LogLevel.Information);

        // The framework writes a line for each refused request, so a stranger could fill the disk.
        logging.AddFilter("DhtTracer.Web.Access", LogLevel.Warning);

        // PortFailure reports a port that cannot be bound in one line. The host would also print a stack trace.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // It warns that keys are stored unencrypted. Only their owner can read the folder.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
