using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using DhtTracer.TestSupport;

namespace DhtTracer.EndToEnd.Tests;

/// <summary>The real program in a process of its own, on free ports, with a database in a folder that goes away.</summary>
public sealed partial class TracerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);

    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly ConcurrentDictionary<string, string> _urls = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool _ownsData;

    private TracerProcess(Process process, string data, bool ownsData)
    {
        _process = process;
        Data = data;
        _ownsData = ownsData;
    }

    /// <summary>Data directory.</summary>
    public string Data { get; }

    /// <summary>Everything printed so far.</summary>
    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    /// <summary>Address of the site, without a slash at the end.</summary>
    public string Site => _urls["site"];

    /// <summary>Process id.</summary>
    public int ProcessId => _process.Id;

    /// <summary>Address of a listener, by its title in the start message.</summary>
    public string Url(string title) => _urls[title];

    /// <summary>Starts the main process and waits until it says that it is ready.</summary>
    public static async Task<TracerProcess> StartAsync(string? data = null, params string[] arguments)
    {
        var folder = data ?? NewFolder();
        var ports = PortOptions.Except(arguments, StringComparer.Ordinal).SelectMany(option => new[] { option, "0" });
        var tracer = new TracerProcess(Launch([.. ports, "--data", folder, .. arguments]), folder, data is null);
        tracer._process.OutputDataReceived += (_, line) => tracer.Read(line.Data);
        tracer._process.ErrorDataReceived += (_, line) => tracer.Read(line.Data);
        tracer._process.Exited += (_, _) =>
            tracer._ready.TrySetException(new InvalidOperationException("it ended before it was ready:\n" + tracer.Output));
        tracer._process.EnableRaisingEvents = true;
        tracer._process.BeginOutputReadLine();
        tracer._process.BeginErrorReadLine();
        try
        {
            await tracer._ready.Task.WaitAsync(StartTimeout);
        }
        catch (TimeoutException late)
        {
            await tracer.DisposeAsync();
            throw new TimeoutException("not ready after a minute:\n" + tracer.Output, late);
        }

        return tracer;
    }

    /// <summary>Runs a command to its end.</summary>
    public static async Task<CommandResult> RunAsync(
        string[] arguments,
        string? input = null,
        IReadOnlyDictionary<string, string>? environment = null
    )
    {
        using var command = Launch(arguments, environment);
        var standardOutput = command.StandardOutput.ReadToEndAsync();
        var standardError = command.StandardError.ReadToEndAsync();
        if (input is not null)
        {
            await command.StandardInput.WriteAsync(input);
        }

        command.StandardInput.Close();
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await command.WaitForExitAsync(timeout.Token);
        return new CommandResult(command.ExitCode, await standardOutput, await standardError);
    }

    /// <summary>Sends SIGINT, as Ctrl-C does, and returns the exit code.</summary>
    public Task<int> InterruptAsync() => SignalAsync("INT");

    /// <summary>Ends it without a chance to clean up.</summary>
    public Task<int> KillAsync() => SignalAsync("KILL");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        if (_ownsData && Directory.Exists(Data))
        {
            Directory.Delete(Data, recursive: true);
        }
    }

    /// <summary>A new folder under the system's temporary one.</summary>
    public static string NewFolder() => Directory.CreateTempSubdirectory("dht-tracer-test-").FullName;

    /// <summary>Options of every port, so that tests can pick free ones.</summary>
    internal static readonly string[] PortOptions =
    [
        "--site-port",
        "--otlp-http-port",
        "--otlp-grpc-port",
        "--jaeger-grpc-port",
        "--jaeger-http-port",
        "--jaeger-compact-port",
        "--jaeger-binary-port",
        "--jaeger-sampling-port",
        "--zipkin-port",
        "--query-http-port",
        "--query-grpc-port",
        "--health-port",
    ];

    private static Process Launch(string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Path.GetTempPath(),
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            start.Environment[name] = value;
        }

        return Process.Start(start) ?? throw new InvalidOperationException("dotnet did not start");
    }

    /// <summary>The program as it was built, with its static web assets beside it.</summary>
    private static string Program
    {
        get
        {
            var configuration = AppContext.BaseDirectory.Contains("Release", StringComparison.Ordinal) ? "Release" : "Debug";
            return Path.Combine(TestFiles.Repository, "src", "DhtTracer", "bin", configuration, "net10.0", "dht-tracer.dll");
        }
    }

    private void Read(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_output)
        {
            _output.AppendLine(line);
        }

        if (UrlLine().Match(line) is { Success: true } match)
        {
            _urls[match.Groups[1].Value] = match.Groups[2].Value.TrimEnd('/');
        }
        else if (line.Contains("Ctrl-C", StringComparison.Ordinal))
        {
            _ready.TrySetResult();
        }
    }

    private async Task<int> SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await _process.WaitForExitAsync(timeout.Token);
        return _process.ExitCode;
    }

    [GeneratedRegex(@"^\s+(\S.*?)\s{2,}((?:http|udp)://\S+)")]
    private static partial Regex UrlLine();
}

/// <summary>What a command did.</summary>
public sealed record CommandResult(int ExitCode, string Output, string Error);
