using System.Diagnostics;

namespace DhtTracer.Jaeger.Tests.QueryApi;

/// <summary>Runs a script of <c>tests/exporters</c> and gives what it printed.</summary>
internal static class NodeProgram
{
    /// <summary>Folders of Jaeger's protos: its services, and the messages that they import.</summary>
    public static string Protos =>
        string.Join(
            Path.PathSeparator,
            Path.Combine(TestFiles.Repository, "src", "DhtTracer.Jaeger", "Proto"),
            Path.Combine(TestFiles.Repository, "src", "DhtTracer.Traces", "Jaeger", "Proto")
        );

    public static async Task<string> RunAsync(params string[] arguments)
    {
        Assert.SkipUnless(Needs.Exporters is not null, Needs.Why("npm packages of tests/exporters"));
        var start = new ProcessStartInfo(Needs.Node!, arguments)
        {
            WorkingDirectory = Needs.Exporters,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        using var process = Process.Start(start) ?? throw new InvalidOperationException("node did not start");
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(TimeSpan.FromMinutes(2));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            Assert.True(process.ExitCode == 0, await errors);
            return await output;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
            }
        }
    }
}
