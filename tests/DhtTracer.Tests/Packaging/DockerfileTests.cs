using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using DhtTracer.Hosting.Ports;
using DhtTracer.TestSupport;

namespace DhtTracer.Tests.Packaging;

/// <summary>
/// What the Dockerfile runs, run as a process: no container engine is needed to see that its ports and its health check work.
/// </summary>
public sealed class DockerfileTests : IDisposable
{
    private static readonly string Text = File.ReadAllText(Path.Combine(TestFiles.Repository, "Dockerfile"));
    private readonly string _folder = Directory.CreateTempSubdirectory("dht-tracer-docker-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_port_of_the_table_is_exposed() =>
        Assert.Equal(
            PortTable
                .Main.Select(static port => port.Protocol == PortProtocol.Udp ? $"{port.Number}/udp" : $"{port.Number}")
                .Order(StringComparer.Ordinal),
            Regex.Match(Text, "(?m)^EXPOSE (.*)$").Groups[1].Value.Split(' ').Order(StringComparer.Ordinal)
        );

    [Fact]
    public async Task With_its_environment_alone_it_says_that_it_needs_keys()
    {
        using var program = Start(
            Command("ENTRYPOINT"),
            new Dictionary<string, string>(StringComparer.Ordinal) { ["DHT_TRACER_BIND"] = "0.0.0.0", ["DHT_TRACER_DATA"] = _folder }
        );
        var error = await program.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await program.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(2, program.ExitCode);
        Assert.Contains("dht-tracer keys add", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_its_environment_and_said_to_be_open_a_published_port_is_reached_and_its_health_check_is_well()
    {
        var environment = Regex
            .Match(Text, "(?m)^ENV (.*)$")
            .Groups[1]
            .Value.Split(' ')
            .Select(static pair => pair.Split('='))
            .ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
        environment["DHT_TRACER_DATA"] = _folder;
        environment["DHT_TRACER_INSECURE"] = "true";
        foreach (var port in PortTable.Main)
        {
            environment["DHT_TRACER_" + port.Option[2..].Replace('-', '_').ToUpperInvariant()] = "0";
        }

        using var program = Start(Command("ENTRYPOINT"), environment);
        try
        {
            var urls = new Dictionary<string, Uri>(StringComparer.Ordinal);
            while (
                await program.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line
                && !line.Contains("Ctrl-C", StringComparison.Ordinal)
            )
            {
                if (Regex.Match(line, @"^  (\S.*?)  +(http://\S+)") is { Success: true } match)
                {
                    urls[match.Groups[1].Value] = new Uri(match.Groups[2].Value);
                }
            }

            Assert.Equal("0.0.0.0", urls["site"].Host);
            using var http = new HttpClient();
            using var request = new HttpRequestMessage(HttpMethod.Get, $"http://127.0.0.1:{urls["site"].Port}/queries");
            request.Headers.Host = "192.0.2.1:8080";
            using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);

            var check = Command("HEALTHCHECK.* CMD");
            using var health = Start([.. check, "--url", $"http://127.0.0.1:{urls["health"].Port}"], environment);
            Assert.Equal("well\n", await health.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
            await health.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(0, health.ExitCode);
        }
        finally
        {
            program.Kill();
            await program.WaitForExitAsync(CancellationToken.None);
        }
    }

    private static string[] Command(string instruction) =>
        JsonSerializer.Deserialize<string[]>(Regex.Match(Text, $@"(?m)^{instruction} (\[.*\])$").Groups[1].Value)!;

    private static Process Start(string[] command, IReadOnlyDictionary<string, string> environment)
    {
        Assert.Equal("./dht-tracer", command[0]);
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "dht-tracer.dll"), .. command[1..]])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
