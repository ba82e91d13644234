using System.CommandLine;
using System.Text;
using DhtTracer.Cli;
using DhtTracer.Output;
using DhtTracer.Web.Alarms;

namespace DhtTracer.Tests.Cli;

public sealed class AlarmOptionSetTests : IDisposable
{
    private readonly string _secret = Path.GetTempFileName();

    public void Dispose() => File.Delete(_secret);

    [Fact]
    public void Nothing_is_sent_when_no_receiver_is_named()
    {
        Assert.Same(AlarmOptions.None, Read());
    }

    [Fact]
    public void Receivers_are_those_named_and_the_secret_is_the_trimmed_file()
    {
        File.WriteAllText(_secret, "a secret of 16 bytes or more\n");

        var options = Read(
            "--alarm-webhook",
            "https://one.example/x",
            "--alarm-webhook",
            "http://two.example",
            "--alarm-webhook-secret-file",
            _secret
        );

        Assert.Equal([new Uri("https://one.example/x"), new Uri("http://two.example")], options.Webhooks);
        Assert.Equal("a secret of 16 bytes or more", Encoding.UTF8.GetString(options.Secret.Span));
    }

    [Theory]
    [InlineData("short")]
    [InlineData("")]
    public void A_missing_or_short_secret_is_an_error_that_says_where_to_put_it(string secret)
    {
        File.WriteAllText(_secret, secret);

        var error = Assert.Throws<CommandFailedException>(() =>
            Read("--alarm-webhook", "https://one.example", "--alarm-webhook-secret-file", _secret)
        );

        Assert.Contains("at least 16 bytes", error.Message, StringComparison.Ordinal);
        Assert.Contains(AlarmOptionSet.SecretVariable, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://one.example")]
    [InlineData("one.example")]
    [InlineData("https://user:password@one.example")]
    public void An_address_that_is_no_plain_http_address_is_an_error(string address)
    {
        Assert.Contains(
            "http://",
            Assert.Throws<CommandFailedException>(() => Read("--alarm-webhook", address)).Message,
            StringComparison.Ordinal
        );
    }

    private static AlarmOptions Read(params string[] arguments)
    {
        var set = new AlarmOptionSet();
        var command = new RootCommand();
        foreach (var option in set.All)
        {
            command.Options.Add(option);
        }

        return set.Read(command.Parse(arguments));
    }
}
