using System.CommandLine;
using System.Text.Json;
using DhtTracer.Hosting.Ports;
using DhtTracer.Output;

namespace DhtTracer.Cli;

/// <summary><c>dht-tracer health</c>: checks a running DhtTracer; for health checks of containers and services.</summary>
internal static class HealthCommand
{
    private const int MaxProblem = 300;
    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var url = new Option<Uri?>("--url")
        {
            Description = $"The health port of the DhtTracer to ask. [default: http://127.0.0.1:{PortTable.Of(PortKind.Health).Number}]",
            HelpName = "URL",
            CustomParser = UrlValue.Parse,
        };
        var timeout = CommonOptions.Duration("--timeout", "How long to wait for the answer.", TimeSpan.FromSeconds(5), "5s");
        var command = new Command(
            "health",
            "Ask a running DhtTracer whether it is well: exit code 0 when it is, 1 when it is not or does not answer."
        )
        {
            url,
            timeout,
        };
        command.SetAction(
            (result, cancellation) =>
                Failures.GuardAsync(
                    result,
                    async () =>
                    {
                        var address = result.GetValue(url) ?? new Uri($"http://127.0.0.1:{PortTable.Of(PortKind.Health).Number}");
                        await result.InvocationConfiguration.Output.WriteLineAsync(
                            await AskAsync(new Uri(address, "/status"), result.GetValue(timeout), cancellation)
                        );
                        return ExitCode.Success;
                    }
                )
        );
        return command;
    }

    private static async Task<string> AskAsync(Uri status, TimeSpan timeout, CancellationToken cancellation)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false })
        {
            Timeout = timeout,
            MaxResponseContentBufferSize = MaxAnswerBytes,
        };
        try
        {
            using var response = await http.GetAsync(status, cancellation);
            var body = await response.Content.ReadAsStringAsync(cancellation);
            return response.StatusCode switch
            {
                System.Net.HttpStatusCode.OK => Error(body) is { } error
                    ? $"well, but: {PlainText.Safe(PlainText.End(error, MaxProblem))}"
                    : "well",
                System.Net.HttpStatusCode.ServiceUnavailable => throw new CommandFailedException(
                    $"{status} is not well: {PlainText.End(Problem(body), MaxProblem)}"
                ),
                _ => throw new CommandFailedException(
                    $"{status} answered HTTP {(int)response.StatusCode}: it is not the health port of a DhtTracer."
                ),
            };
        }
        catch (HttpRequestException failure)
        {
            throw new CommandFailedException(
                $"{status} does not answer: {failure.Message}. Is DhtTracer running, with its health port on?",
                cause: failure
            );
        }
        catch (OperationCanceledException failure) when (!cancellation.IsCancellationRequested)
        {
            throw new CommandFailedException($"{status} did not answer in time (--timeout).", cause: failure);
        }
    }

    private static string Problem(string body) => Error(body) ?? body;

    private static string? Error(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return
                json.RootElement.ValueKind == JsonValueKind.Object
                && json.RootElement.TryGetProperty("error", out var error)
                && error.GetString() is { Length: > 0 } text
                ? text
                : null;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return null;
        }
    }
}
