using Microsoft.Extensions.Logging.Console;

namespace DhtTracer.Hosting;

/// <summary>Logs go to standard error, a line each: standard output belongs to results.</summary>
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

        // A port that cannot be bound is said in one line by PortFailure; the host would print its stack as well.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        // It warns that keys are stored as they are; where they lie only their owner can read them.
        logging.AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }
}
